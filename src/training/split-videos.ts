import type { AnnotatedVideo } from '../annotations/dataset.js';
import { DatasetError, UsageError } from '../errors.js';
import { createRandom, shuffle } from './random.js';

/** How videos are set aside for validation. Whole videos only: frames of one video never stand on both sides. */
export interface SplitOptions {
  /** Number of equal parts, of which one validates. 0 trains on everything and validates nothing. Default 5. */
  folds?: number;
  /** Which part validates, 0 to folds − 1. Default 0. */
  fold?: number;
  /**
   * Videos that belong together (one recording, one person, one camera) and must stay on one side: those with the same
   * text in the pattern's capture groups, matched against the video's name. Default: each video by itself.
   */
  groupPattern?: RegExp;
  seed?: number;
}

/** The two sides of a split. */
export interface VideoSplit {
  training: AnnotatedVideo[];
  validation: AnnotatedVideo[];
}

/**
 * Splits videos by group, shuffled by the seed; single labelled clips are dealt out label by label, so that each part
 * has its share of every label.
 *
 * @throws {UsageError} If the fold does not exist.
 * @throws {DatasetError} If there are fewer groups than folds, or a name does not match the pattern.
 */
export function splitVideos(
  videos: readonly AnnotatedVideo[],
  { folds = 5, fold = 0, groupPattern, seed = 1 }: SplitOptions = {},
): VideoSplit {
  if (folds === 0) return { training: [...videos], validation: [] };
  if (!Number.isInteger(folds) || folds < 2 || !Number.isInteger(fold) || fold < 0 || fold >= folds) {
    throw new UsageError(
      `Fold ${fold} of ${folds} does not exist. Give at least two folds and a fold from 0 to folds − 1.`,
    );
  }
  const groups = groupBy(videos, (video) => groupOf(video, groupPattern));
  if (groups.size < folds) {
    throw new DatasetError(
      `${folds} folds need at least ${folds} groups of videos, and the dataset has ${groups.size}. ` +
        'Give fewer folds, or none to train without validation.',
      videos[0]?.path ?? '',
    );
  }
  const shuffled = shuffle([...groups.values()], createRandom(seed));
  const dealt = [...groupBy(shuffled, (group) => mainLabel(group)).values()].flat();
  const isValidation = new Set(dealt.filter((_, position) => position % folds === fold).flat());
  return {
    training: videos.filter((video) => !isValidation.has(video)),
    validation: videos.filter((video) => isValidation.has(video)),
  };
}

function groupOf({ name, path }: AnnotatedVideo, pattern: RegExp | undefined): string {
  if (!pattern) return name;
  const match = pattern.exec(name);
  if (!match) {
    throw new DatasetError(`The video "${name}" does not match the group pattern ${String(pattern)}.`, path);
  }
  return match.length > 1 ? match.slice(1).join('/') : match[0];
}

/** The label of a group of clips of one label; empty for groups with several. */
function mainLabel(group: readonly AnnotatedVideo[]): string {
  const labels = new Set(group.flatMap(({ segments }) => segments.map(({ label }) => label)));
  return labels.size === 1 ? ([...labels][0] as string) : '';
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
