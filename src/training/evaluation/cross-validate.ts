import type { SegmentPrior } from '../../timeline/viterbi.js';
import { PRIOR_WEIGHTS } from './calibrate-labeler.js';
import { learnSegmentPrior } from '../data/learn-segment-prior.js';
import {
  predictSequences,
  scorePredictions,
  type DatasetScores,
  type ScoringOptions,
  type SequencePrediction,
} from './score-sequences.js';
import type { LabeledSequence } from '../data/sequences.js';
import { fitTemperature } from './fit-temperature.js';
import { trainLabeler, type LabelerTrainingOptions } from '../loop/train-labeler.js';

/** One way of setting videos aside, by their names. */
export interface NamedSplit {
  name: string;
  training: readonly { name: string }[];
  validation: readonly { name: string }[];
}

/** How a model that never saw the videos of a split labels them. */
export interface FoldScores {
  name: string;
  /** Of each frame's own label. */
  scores: DatasetScores;
  /** After Viterbi smoothing, whose weight the other splits chose; as `scores` where they chose none. */
  smoothed: DatasetScores;
  /** What would make the model's confidence honest on these videos. */
  temperature: number;
}

interface Fold {
  name: string;
  predictions: SequencePrediction[];
  /** Without smoothing. */
  scores: DatasetScores;
  prior: SegmentPrior;
}

/**
 * Trains once a split and tries each model on the videos that it never saw. Those choose nothing: all epochs are run and
 * the last one counts, and how much smoothing there is, the other splits say.
 *
 * @param sequences - Those of all videos; a split's videos without one are left out.
 * @param onFold - Told when a split's training is done.
 */
export async function crossValidate(
  sequences: readonly LabeledSequence[],
  splits: readonly NamedSplit[],
  options: LabelerTrainingOptions & Pick<ScoringOptions, 'frameRate'>,
  onFold?: (name: string, scores: DatasetScores) => void,
): Promise<FoldScores[]> {
  const { labels, background, frameRate } = options;
  const byName = new Map(sequences.map((sequence) => [sequence.name, sequence]));
  const sequencesOf = (videos: readonly { name: string }[]) =>
    videos.flatMap(({ name }) => byName.get(name) ?? []);
  const score = (predictions: readonly SequencePrediction[], prior?: SegmentPrior) =>
    scorePredictions(predictions, { labels, background, frameRate, smoothing: { prior } });

  const folds: Fold[] = [];
  for (const { name, training, validation } of splits) {
    const known = sequencesOf(training);
    const { labeler } = await trainLabeler(known, [], options);
    const predictions = await predictSequences(labeler, sequencesOf(validation));
    labeler.dispose();
    const scores = score(predictions);
    folds.push({ name, predictions, scores, prior: learnSegmentPrior(known, labels.length) });
    onFold?.(name, scores);
  }
  const byWeight = PRIOR_WEIGHTS.map((weight) =>
    folds.map(({ predictions, scores, prior }) =>
      weight === 0 ? scores : score(predictions, { ...prior, weight }),
    ),
  );
  return folds.map(({ name, predictions, scores }, position) => ({
    name,
    scores,
    smoothed: bestFor(position, byWeight)[position]!,
    temperature: fitTemperature(predictions, labels.length),
  }));
}

/** The scores, of all folds, of the weight that is best for all folds but one. */
function bestFor(position: number, byWeight: readonly DatasetScores[][]): DatasetScores[] {
  const goodness = (scores: readonly DatasetScores[]) =>
    scores.reduce((sum, { f1 }, fold) => (fold === position ? sum : sum + (f1[50] ?? 0)), 0);
  return byWeight.reduce((best, other) => (goodness(other) > goodness(best) ? other : best));
}
