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
import { trainLabeler } from '../loop/train-labeler.js';
import type { LabelerTrainingOptions } from '../loop/training-settings.js';

/** A split with a name. Videos are given by their names. */
export interface NamedSplit {
  name: string;
  training: readonly { name: string }[];
  validation: readonly { name: string }[];
}

/** How well a model labels the held-out videos of one split. */
export interface FoldScores {
  name: string;
  /** Scores without smoothing. */
  scores: DatasetScores;
  /** Scores after Viterbi smoothing with the weight that the other splits chose; equal to `scores` if they chose none. */
  smoothed: DatasetScores;
  /** Temperature that calibrates the model on these videos. */
  temperature: number;
}

interface Fold {
  name: string;
  predictions: SequencePrediction[];
  scores: DatasetScores;
  prior: SegmentPrior;
}

/**
 * Trains one model per split and scores it on the split's held-out videos. Those videos choose nothing: all epochs are
 * run and the last one counts, and the other splits choose the weight of the smoothing.
 *
 * @param sequences - Sequences of all videos. Videos of a split without a sequence are left out.
 * @param onFold - Called when a split is trained and scored.
 * @throws Whatever {@link trainLabeler} throws.
 */
export async function scoreFolds(
  sequences: readonly LabeledSequence[],
  splits: readonly NamedSplit[],
  options: LabelerTrainingOptions & Pick<ScoringOptions, 'frameRate'>,
  onFold?: (name: string, scores: DatasetScores) => void,
): Promise<FoldScores[]> {
  const { labels, background } = options.data;
  const { frameRate } = options;
  const byName = new Map(sequences.map((sequence) => [sequence.name, sequence]));
  const sequencesOf = (videos: readonly { name: string }[]) =>
    videos.flatMap(({ name }) => byName.get(name) ?? []);
  const score = (predictions: readonly SequencePrediction[], prior?: SegmentPrior) =>
    scorePredictions(predictions, { labels, background, frameRate, smoothing: { prior } });

  const folds: Fold[] = [];
  for (const { name, training, validation } of splits) {
    const known = sequencesOf(training);
    const { labeler } = await trainLabeler(known, [], options);
    const predictions = await predictSequences(labeler, sequencesOf(validation)).finally(() =>
      labeler.dispose(),
    );
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

/** The scores of all folds with the weight that is best for the other folds. */
function bestFor(position: number, byWeight: readonly DatasetScores[][]): DatasetScores[] {
  const goodness = (scores: readonly DatasetScores[]) =>
    scores.reduce((sum, { f1 }, fold) => (fold === position ? sum : sum + (f1[50] ?? 0)), 0);
  return byWeight.reduce((best, other) => (goodness(other) > goodness(best) ? other : best));
}
