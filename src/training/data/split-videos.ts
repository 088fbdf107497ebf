import type { AnnotatedVideo } from '../../annotations/datasets/dataset.js';
import { DatasetError, UsageError } from '../../errors.js';
import { chooseOwnSplit, ownSplitNames } from './own-split.js';
import { groupVideos, leaveGroupsOut, stratifyGroups, type GroupOptions } from './video-groups.js';

/** How videos are held out for validation. Frames of one video never stand on both sides of a split. */
export interface SplitOptions extends GroupOptions {
  /** Number of equal parts, one of which is held out. 0 trains on everything and validates on nothing. Default 5. */
  folds?: number;
  /** Number of the part that is held out, 0 to folds − 1. Default 0. */
  fold?: number;
  /**
   * Hold out this many groups per fold. There are then as many folds as it takes to hold out each group once, and `folds`
   * is not used. Single groups are taken in natural order of their names; more at a time are shuffled by the seed.
   */
  leaveGroupsOut?: number;
  /** Names of the groups to hold out, in every fold. All others train. */
  validationGroups?: readonly string[];
  /** Use the split that comes with the dataset: the one of this name, or with `true` the one at position `fold`. */
  ownSplit?: boolean | string;
  /** Shuffles groups. Default 1. */
  seed?: number;
  /** Told of videos that are on neither side, and of labels that are on one side only. */
  onWarning?: (message: string) => void;
}

/** The two sides of a split. */
export interface VideoSplit {
  training: AnnotatedVideo[];
  validation: AnnotatedVideo[];
}

/**
 * Splits videos by group: into folds with nearly equal shares of every label, by named groups, or as the dataset itself
 * says. The same seed gives the same split.
 *
 * @throws {UsageError} If the fold, group or split does not exist, or the options ask for two kinds of split.
 * @throws {DatasetError} If there are fewer groups than folds, or a video has no group.
 */
export function splitVideos(videos: readonly AnnotatedVideo[], options: SplitOptions = {}): VideoSplit {
  const { folds = 5, fold = 0, onWarning } = options;
  if (folds === 0) return { training: [...videos], validation: [] };
  expectOneKind(options);
  const { training, validation, unused } = options.ownSplit
    ? chooseOwnSplit(videos, options.ownSplit === true ? undefined : options.ownSplit, fold)
    : holdOut(videos, new Set(validationPart(videos, options)));
  if (unused.length > 0) {
    onWarning?.(`Videos on neither side of the dataset's own split, which are not used: ${unused.length}.`);
  }
  warnOfOneSidedLabels(training, validation, onWarning);
  return { training, validation };
}

/**
 * Every split of a cross-validation with its name: each fold, each set of groups left out, or each of the dataset's own
 * splits.
 *
 * @throws Whatever {@link splitVideos} throws.
 */
export function crossValidationSplits(
  videos: readonly AnnotatedVideo[],
  options: Omit<SplitOptions, 'fold'> = {},
): (VideoSplit & { name: string })[] {
  expectOneKind(options);
  const all = (names: string[]) =>
    names.map((name, fold) => ({ name, ...splitVideos(videos, { ...options, fold }) }));
  if (options.ownSplit === true) return all(ownSplitNames(videos).map((name) => name || 'own split'));
  if (options.ownSplit) return all([options.ownSplit]);
  if (options.validationGroups) return all([options.validationGroups.join(', ')]);
  if (options.leaveGroupsOut !== undefined) {
    const folds = leaveGroupsOut(groupVideos(videos, options), options.leaveGroupsOut, options.seed ?? 1);
    return all(folds.map(({ names }) => names.join(', ')));
  }
  return all(Array.from({ length: options.folds ?? 5 }, (_, fold) => `fold ${fold}`));
}

function expectOneKind({ leaveGroupsOut: perFold, validationGroups, ownSplit }: SplitOptions): void {
  const kinds = [perFold !== undefined, validationGroups, ownSplit].filter(Boolean);
  if (kinds.length > 1) {
    throw new UsageError(
      'leaveGroupsOut, validationGroups and ownSplit exclude one another. Give only one of them.',
    );
  }
}

function holdOut(videos: readonly AnnotatedVideo[], heldOut: ReadonlySet<AnnotatedVideo>) {
  return {
    training: videos.filter((video) => !heldOut.has(video)),
    validation: videos.filter((video) => heldOut.has(video)),
    unused: [],
  };
}

function validationPart(videos: readonly AnnotatedVideo[], options: SplitOptions): readonly AnnotatedVideo[] {
  const { fold = 0, leaveGroupsOut: perFold, validationGroups, seed = 1 } = options;
  const groups = groupVideos(videos, options);
  const place = videos[0]?.path ?? '';
  if (groups.size < 2) {
    const one = groups.size === 0 ? 'no video' : `one group of videos, "${[...groups.keys()][0]}"`;
    throw new DatasetError(
      `The dataset has ${one}: some must train and others validate. Add videos, group them otherwise, or set folds to 0 ` +
        'to train without validation.',
      place,
    );
  }
  if (validationGroups) return namedGroups(groups, validationGroups, place);
  const heldOut = perFold !== undefined && leaveGroupsOut(groups, perFold, seed);
  const folds = heldOut ? heldOut.length : (options.folds ?? 5);
  if (!Number.isInteger(folds) || folds < 2 || !Number.isInteger(fold) || fold < 0 || fold >= folds) {
    throw new UsageError(
      `Fold ${fold} of ${folds} does not exist. Give at least two folds and a fold from 0 to folds − 1.`,
    );
  }
  if (groups.size < folds) {
    throw new DatasetError(
      `${folds} folds need at least ${folds} groups of videos; the dataset has ${groups.size}. ` +
        'Give fewer folds, or set folds to 0 to train without validation.',
      place,
    );
  }
  if (heldOut) return heldOut[fold]!.videos;
  return stratifyGroups([...groups.values()], folds, seed)[fold]!;
}

function namedGroups(
  groups: ReadonlyMap<string, AnnotatedVideo[]>,
  names: readonly string[],
  place: string,
): AnnotatedVideo[] {
  const known = [...groups.keys()];
  const unknown = names.filter((name) => !groups.has(name));
  if (unknown.length > 0 || names.length === 0) {
    const some = known.slice(0, 10).map((name) => `"${name}"`);
    throw new UsageError(
      `There is no group ${unknown.map((name) => `"${name}"`).join(', ') || 'named'} to validate on. The groups are ` +
        `${some.join(', ')}${known.length > some.length ? `, … (${known.length})` : ''}.`,
    );
  }
  if (known.every((name) => names.includes(name))) {
    throw new DatasetError('Every group is held out, so none is left to train on. Name fewer groups.', place);
  }
  return names.flatMap((name) => groups.get(name) as AnnotatedVideo[]);
}

function warnOfOneSidedLabels(
  training: readonly AnnotatedVideo[],
  validation: readonly AnnotatedVideo[],
  onWarning: SplitOptions['onWarning'],
): void {
  const labelsOf = (videos: readonly AnnotatedVideo[]) =>
    new Set(videos.flatMap(({ segments }) => segments.map(({ label }) => label)));
  const [trained, validated] = [labelsOf(training), labelsOf(validation)];
  const untrained = [...validated].filter((label) => !trained.has(label));
  const unvalidated = [...trained].filter((label) => !validated.has(label));
  if (untrained.length > 0) {
    onWarning?.(`No training video shows ${untrained.join(', ')}: it cannot be learned.`);
  }
  if (unvalidated.length > 0) {
    onWarning?.(`No validation video shows ${unvalidated.join(', ')}: it has no score.`);
  }
}
