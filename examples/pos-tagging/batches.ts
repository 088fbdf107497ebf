/**
 * Groups sentences of similar length, so that batches have little padding.
 *
 * @param lengths - Words of each sentence.
 * @param maxWords - Words per batch, with padding. A longer sentence is a batch by itself.
 * @param order - Positions in `lengths`. It decides which sentences of equal length share a batch.
 * @returns Positions in `lengths`, each of `order` once, shortest sentences first.
 */
export function groupByLength(
  lengths: readonly number[],
  maxWords: number,
  order: readonly number[] = [...lengths.keys()],
): number[][] {
  const batches: number[][] = [];
  for (const sentence of order.toSorted((one, other) => lengths[one]! - lengths[other]!)) {
    const batch = batches.at(-1);
    // Sorted, so that the newest sentence is the longest.
    if (batch && (batch.length + 1) * lengths[sentence]! <= maxWords) batch.push(sentence);
    else batches.push([sentence]);
  }
  return batches;
}
