import type { AnnotatedVideo } from '../../annotations/datasets/dataset.js';
import { compareNaturally } from '../../video/media-names.js';
import { DatasetError, UsageError } from '../../errors.js';

const PARTS = {
  training: /^train(ing)?$/i,
  validation: /^(val|valid|validation|dev)$/i,
  testing: /^test(ing)?$/i,
};

/** The two sides of a dataset's own split. */
interface OwnSplit {
  training: AnnotatedVideo[];
  /** The videos of its validation part; where it has none, of its testing part. */
  validation: AnnotatedVideo[];
  /** Videos on neither side. */
  unused: AnnotatedVideo[];
}

/**
 * Names of the splits that a dataset comes with, in natural order: bundles of the MS-TCN layout; or one without a name,
 * the subsets of ActivityNet or of a column `subset`.
 *
 * @throws {DatasetError} If it has none.
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
 * The dataset's own split of one name; or, without a name, its only split, or the one at a position.
 *
 * @throws {UsageError} If there is no such split.
 * @throws {DatasetError} If the dataset has no split, or this one has an empty side or a part by an unknown name.
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
  const [asked, left] = validation.length > 0 ? [validation, testing] : [testing, []];
  if (training.length === 0 || asked.length === 0) {
    throw new DatasetError(
      `The dataset's own split${name && ` "${name}"`} has ${training.length} videos to train on and ${asked.length} to ` +
        'validate. It needs some of each: add the videos that are missing, or split by folds.',
      videos[0]?.path ?? '',
    );
  }
  return { training, validation: asked, unused: [...left, ...unused] };
}
