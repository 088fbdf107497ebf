/** Seeds of the videos for training, for tests that training never sees, and for the committed files. */
const FIRST_SEED = { train: 1_000_000, test: 2_000_000, committed: 3_000_000 } as const;

const SEEDS_PER_SPLIT = 1_000_000;

/** What a video is for. */
export type Split = keyof typeof FIRST_SEED;

/**
 * The seed of one video. No two splits share a seed.
 *
 * @param index - From 0 to 999,999.
 * @throws {RangeError} If the index would run into the next split.
 */
export function videoSeed(split: Split, index: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= SEEDS_PER_SPLIT) {
    throw new RangeError(
      `Seed: expected a whole number from 0 to ${SEEDS_PER_SPLIT - 1}, received ${index}.`,
    );
  }
  return FIRST_SEED[split] + index;
}
