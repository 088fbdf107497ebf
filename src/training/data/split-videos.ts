import type { AnnotatedVideo } from '../../annotations/datasets/dataset.js';
import { DatasetError, UsageError } from '../../errors.js';
import { leaveGroupsOut } from './leave-groups-out.js';
import { chooseOwnSplit, ownSplitNames } from './own-split.js';
import { stratifyGroups } from './stratify-groups.js';
import { groupVideos, type GroupOptions } from './video-groups.js';

/** How videos are set aside for validation. Whole videos only: frames of one video never stand on both sides. */
export interface SplitOptions extends GroupOptions {
  /** Number of equal parts, of which one validates. 0 trains on everything and validates nothing. Default 5. */
  folds?: number;
  /** Which part validates, 0 to folds − 1. Default 0. */
  fold?: number;
  /**
   * Leave out so many groups a fold, whatever `folds` says: there are as many folds as it takes to leave each out once.
   * One by one they come in natural order of their names; more at a time are shuffled by the seed.
   */
  leaveGroupsOut?: number;
  /** Names of the groups that validate; all others train, in every fold. */
  validationGroups?: readonly string[];
  /** Use the split that the dataset comes with; of several, the one of this name, or with `true` that of `fold`. */
  ownSplit?: boolean | string;
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
 * Splits videos by group: into folds that each have nearly their share of every label, by named groups, or as the
 * dataset itself says. The same seed gives the same split.
 *
 * @throws {UsageError} If the fold, group or split does not exist, or two ways of splitting are asked for.
 * @throws {DatasetError} If there are fewer groups than folds, or a video has no group.
 */
export function splitVideos(videos: readonly AnnotatedVideo[], options: SplitOptions = {}): VideoSplit {
  const { folds = 5, fold = 0, onWarning } = options;
  if (folds === 0) return { training: [...videos], validation: [] };
  expectOneWay(options);
  if (options.ownSplit) {
    const name = options.ownSplit === true ? undefined : options.ownSplit;
    const { training, validation, unused } = chooseOwnSplit(videos, name, fold);
    if (unused.length > 0)
      onWarning?.(`${unused.length} videos are on neither side of the dataset's own split.`);
    compareLabels(training, validation, onWarning);
    return { training, validation };
  }
  const validates = new Set(validationPart(videos, options));
  const split = {
    training: videos.filter((video) => !validates.has(video)),
    validation: videos.filter((video) => validates.has(video)),
  };
  compareLabels(split.training, split.validation, onWarning);
  return split;
}

/**
 * Every split of a cross-validation, with what names it: each fold, the groups left out, or each of the dataset's own.
 *
 * @throws As {@link splitVideos} does.
 */
export function crossValidationSplits(
  videos: readonly AnnotatedVideo[],
  options: Omit<SplitOptions, 'fold'> = {},
): (VideoSplit & { name: string })[] {
  expectOneWay(options);
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

function expectOneWay({ leaveGroupsOut: perFold, validationGroups, ownSplit }: SplitOptions): void {
  const ways = [perFold !== undefined, validationGroups, ownSplit].filter(Boolean);
  if (ways.length > 1) {
    throw new UsageError(
      "Leaving groups out, naming them, and the dataset's own split exclude one another. Give one.",
    );
  }
}

function validationPart(videos: readonly AnnotatedVideo[], options: SplitOptions): readonly AnnotatedVideo[] {
  const { fold = 0, leaveGroupsOut: perFold, validationGroups, seed = 1 } = options;
  const groups = groupVideos(videos, options);
  const place = videos[0]?.path ?? '';
  if (groups.size < 2) {
    const one = groups.size === 0 ? 'no video' : `one group of videos, "${[...groups.keys()][0]}"`;
    throw new DatasetError(
      `The dataset has ${one}: some must train and others validate. Add videos, group them otherwise, or give no folds ` +
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
      `${folds} folds need at least ${folds} groups of videos, and the dataset has ${groups.size}. ` +
        'Give fewer folds, or none to train without validation.',
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
    throw new DatasetError(
      'Every group is named to validate, so none is left to train on. Name fewer.',
      place,
    );
  }
  return names.flatMap((name) => groups.get(name) as AnnotatedVideo[]);
}

function compareLabels(
  training: readonly AnnotatedVideo[],
  validation: readonly AnnotatedVideo[],
  onWarning: SplitOptions['onWarning'],
): void {
  const labelsOf = (videos: readonly AnnotatedVideo[]) =>
    new Set(videos.flatMap(({ segments }) => segments.map(({ label }) => label)));
  const [trained, validated] = [labelsOf(training), labelsOf(validation)];
  const untrained = [...validated].filter((label) => !trained.has(label));
  const unvalidated = [...trained].filter((label) => !validated.has(label));
  if (untrained.length > 0)
    onWarning?.(`No video to train on shows ${untrained.join(', ')}: it cannot be learned.`);
  if (unvalidated.length > 0)
    onWarning?.(`No video to validate shows ${unvalidated.join(', ')}: it has no score.`);
}
