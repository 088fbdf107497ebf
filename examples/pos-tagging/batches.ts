/**
 * Groups sentences of like length, so that little of a batch is padding.
 *
 * @param lengths - Words of each sentence.
 * @param maxWords - Words in a batch, padding included; a longer sentence is a batch of its own.
 * @param order - Positions in `lengths`; among sentences of one length it decides which go together.
 * @returns Positions in `lengths`, each of `order` once, the shortest sentences first.
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
