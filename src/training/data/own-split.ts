import type { AnnotatedVideo } from '../../annotations/datasets/dataset.js';
import { DatasetError, UsageError } from '../../errors.js';
import { compareNaturally } from '../../video/media-names.js';
import { formatCount } from '../../format-count.js';

/** Names that datasets give the parts of their splits. */
const PARTS = {
  training: /^train(ing)?$/i,
  validation: /^(val|valid|validation|dev)$/i,
  testing: /^test(ing)?$/i,
};

/** The two sides of a dataset's own split. */
interface OwnSplit {
  training: AnnotatedVideo[];
  /** The validation part, or the testing part if there is no validation part. */
  validation: AnnotatedVideo[];
  /** Videos on neither side. */
  unused: AnnotatedVideo[];
}

/**
 * Names of the splits that come with a dataset, in natural order. Bundles of the MS-TCN layout have names; the subsets of
 * ActivityNet or of a column `subset` are one split with an empty name.
 *
 * @throws {DatasetError} If the dataset has no split.
 */
export function ownSplitNames(videos: readonly AnnotatedVideo[]): string[] {
  const names = new Set(videos.flatMap(({ subsetBySplit = {} }) => Object.keys(subsetBySplit)));
  if (videos.some(({ subset }) => subset !== undefined)) names.add('');
  if (names.size > 0) return [...names].sort(compareNaturally);
  throw new DatasetError(
    'The dataset has no split of its own: expected splits/*.bundle, subsets in its JSON, or a column "subset".',
    videos[0]?.path ?? '',
  );
}

/**
 * Finds one of the dataset's own splits.
 *
 * @param wanted - Name of the split. Without it, the only split, or the one at `position`.
 * @throws {UsageError} If there is no such split.
 * @throws {DatasetError} If the dataset has no split, or this one has an empty side or a part with an unknown name.
 */
export function chooseOwnSplit(
  videos: readonly AnnotatedVideo[],
  wanted: string | undefined,
  position: number,
): OwnSplit {
  const names = ownSplitNames(videos);
  const name = wanted ?? names[names.length === 1 ? 0 : position];
  if (name !== undefined && names.includes(name)) return ownSplit(videos, name);
  const known = names.map((each) => `"${each}"`).join(', ');
  throw new UsageError(
    `The dataset has no split ${wanted === undefined ? position : `"${wanted}"`}. It has ${known}.`,
  );
}

function ownSplit(videos: readonly AnnotatedVideo[], name: string): OwnSplit {
  const parts: Record<keyof typeof PARTS, AnnotatedVideo[]> = { training: [], validation: [], testing: [] };
  const unused: AnnotatedVideo[] = [];
  for (const video of videos) {
    const part = name === '' ? video.subset : video.subsetBySplit?.[name];
    const side = Object.entries(PARTS).find(([, pattern]) => part !== undefined && pattern.test(part))?.[0];
    if (part !== undefined && side === undefined) {
      throw new DatasetError(
        `The video "${video.name}" belongs to the subset "${part}": expected training, validation or testing.`,
        video.path,
      );
    }
    if (side === undefined) unused.push(video);
    else parts[side as keyof typeof PARTS].push(video);
  }
  const { training, validation, testing } = parts;
  const [heldOut, left] = validation.length > 0 ? [validation, testing] : [testing, []];
  if (training.length === 0 || heldOut.length === 0) {
    throw new DatasetError(
      `The dataset's own split${name && ` "${name}"`} has ${formatCount(training.length, 'video')} to train on and ` +
        `${heldOut.length} to validate. Add the missing videos, or split by folds.`,
      videos[0]?.path ?? '',
    );
  }
  return { training, validation: heldOut, unused: [...left, ...unused] };
}
