/**
 * Works on several items at a time. The first failure, or the caller's signal, aborts the others; all have ended when
 * this does.
 *
 * @param concurrency - Most items at a time, at least 1.
 * @param work - Told of the end by the signal that it gets.
 * @returns Results in the order of the items.
 * @throws The signal's reason, or the first failure.
 */
export async function mapInFlight<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = [];
  const failure = new AbortController();
  const anyEnd = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const waiting = items.entries(); // shared: each item is taken once
  const workInLane = async (): Promise<void> => {
    for (const [position, item] of waiting) {
      anyEnd.throwIfAborted();
      results[position] = await work(item, anyEnd);
    }
  };
  const numLanes = Math.min(concurrency, items.length);
  const lanes = Array.from({ length: numLanes }, () =>
    workInLane().catch((error: unknown) => failure.abort(error)),
  );
  await Promise.all(lanes);
  if (failure.signal.aborted) signal?.throwIfAborted(); // whatever the abortion made of it on its way
  failure.signal.throwIfAborted();
  return results;
}
