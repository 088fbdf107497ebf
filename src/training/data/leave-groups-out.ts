import type { AnnotatedVideo } from '../../annotations/datasets/dataset.js';
import { compareNaturally } from '../../video/media-names.js';
import { DatasetError, UsageError } from '../../errors.js';
import { createRandom, shuffle } from './random.js';

/** Groups of videos that one fold holds out. */
export interface HeldOutGroups {
  /** In natural order. */
  names: string[];
  videos: AnnotatedVideo[];
}

/**
 * Deals groups out to folds that each hold out so many of them, every group once. The last fold may hold out fewer.
 *
 * @param groups - Videos of each group, by its name, in natural order of the names.
 * @param perFold - Groups a fold. One by one they come in the order given; more at a time are shuffled by the seed, so
 *   that different seeds hold different groups out together.
 * @throws {UsageError} If `perFold` is no whole number, 1 or more.
 * @throws {DatasetError} If a fold would hold out every group.
 */
export function leaveGroupsOut(
  groups: ReadonlyMap<string, AnnotatedVideo[]>,
  perFold: number,
  seed: number,
): HeldOutGroups[] {
  if (!Number.isInteger(perFold) || perFold < 1) {
    throw new UsageError(`Groups to leave out a fold are ${perFold}; expected a whole number, 1 or more.`);
  }
  if (perFold >= groups.size) {
    const videos = [...groups.values()].flat();
    throw new DatasetError(
      `Leaving ${perFold} groups out needs at least ${perFold + 1}, so that one is left to train on, and the dataset has ` +
        `${groups.size}. Leave fewer out, or group the videos otherwise.`,
      videos[0]?.path ?? '',
    );
  }
  const order = perFold === 1 ? [...groups.keys()] : shuffle([...groups.keys()], createRandom(seed));
  return Array.from({ length: Math.ceil(order.length / perFold) }, (_, fold) => {
    const names = order.slice(fold * perFold, (fold + 1) * perFold).sort(compareNaturally);
    return { names, videos: names.flatMap((name) => groups.get(name) ?? []) };
  });
}
