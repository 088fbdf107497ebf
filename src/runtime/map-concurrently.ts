import pLimit from 'p-limit';

/**
 * Works on several items at a time. The first failure, or the caller's signal, aborts the rest: items in progress are
 * told through their signal and awaited, further items are not started.
 *
 * @param concurrency - Largest number of items at a time, at least 1.
 * @param work - Works on one item. It should stop when its signal is aborted.
 * @returns Results in the order of the items.
 * @throws The reason of the caller's signal, or else the first failure.
 */
export async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result[]> {
  const failure = new AbortController();
  const anyEnd = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const limit = pLimit(concurrency);
  const results: Result[] = [];
  const workOn = async (item: Item, position: number): Promise<void> => {
    try {
      anyEnd.throwIfAborted();
      results[position] = await work(item, anyEnd);
    } catch (error) {
      failure.abort(error);
    }
  };
  await limit.map(items, workOn);
  // An aborted item may have thrown another error than the signal's reason.
  if (failure.signal.aborted) signal?.throwIfAborted();
  failure.signal.throwIfAborted();
  return results;
}
