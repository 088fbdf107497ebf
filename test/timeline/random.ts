/** Returns numbers in [0, 1) that are the same in every run: a linear congruential generator. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}
