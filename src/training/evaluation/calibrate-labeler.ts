import type { TemporalLabeler } from '../../labeler/temporal-labeler.js';
import type { SegmentPrior } from '../../timeline/viterbi.js';
import { applyTemperature, fitTemperature } from './fit-temperature.js';
import { learnSegmentPrior } from '../data/learn-segment-prior.js';
import {
  predictSequences,
  scorePredictions,
  type DatasetScores,
  type ScoringOptions,
  type SequencePrediction,
} from './score-sequences.js';
import type { LabeledSequence } from '../data/sequences.js';

/** Temperature and smoothing chosen on validation videos. */
export interface Calibration {
  /** The temperature that the labeler now has. */
  temperature: number;
  /** Prior for Viterbi smoothing; undefined if smoothing does not help. */
  segmentPrior: SegmentPrior | undefined;
  /** Scores of the validation videos with this temperature and smoothing; null without validation videos. */
  scores: DatasetScores | null;
}

/** Weights to try for a prior, see {@link SegmentPrior}. 0 means no smoothing. */
export const PRIOR_WEIGHTS = [0, 0.5, 1, 2, 4, 8, 16, 32];

/**
 * Calibrates a trained labeler and decides whether Viterbi smoothing helps it. The temperature is fitted on the validation
 * videos; durations and transitions are learned from the labels of the training videos; the validation videos choose the
 * weight of that prior. Without validation videos nothing changes.
 *
 * @param labeler - Its temperature is set.
 */
export async function calibrateLabeler(
  labeler: TemporalLabeler,
  training: readonly Pick<LabeledSequence, 'targets'>[],
  validation: readonly LabeledSequence[],
  { labels, background }: Pick<ScoringOptions, 'labels' | 'background'>,
): Promise<Calibration> {
  if (validation.length === 0) {
    return { temperature: labeler.temperature, segmentPrior: undefined, scores: null };
  }
  const predictions = await predictSequences(labeler, validation);
  const factor = fitTemperature(predictions, labels.length);
  labeler.temperature *= factor;
  const calibrated = applyTemperature(predictions, labels.length, factor);
  const prior = learnSegmentPrior(training, labels.length);
  return {
    temperature: labeler.temperature,
    ...chooseSegmentPrior(calibrated, prior, { labels, background }),
  };
}

/**
 * Tries a prior with several weights, and no smoothing, on held-out videos.
 *
 * @param predictions - Predictions for videos that neither the labeler nor the prior was trained on.
 * @returns The prior with the weight that gives the highest F1@50, or on a tie the higher frame accuracy; undefined if no
 *   weight beats no smoothing. And the scores of that choice.
 */
export function chooseSegmentPrior(
  predictions: readonly SequencePrediction[],
  prior: SegmentPrior,
  options: Pick<ScoringOptions, 'labels' | 'background'>,
): { segmentPrior: SegmentPrior | undefined; scores: DatasetScores } {
  return PRIOR_WEIGHTS.map((weight) => {
    const segmentPrior = weight > 0 ? { ...prior, weight } : undefined;
    const scores = scorePredictions(predictions, { ...options, smoothing: { prior: segmentPrior } });
    return { segmentPrior, scores };
  }).reduce((best, other) => (isBetter(other.scores, best.scores) ? other : best));
}

function isBetter(one: DatasetScores, other: DatasetScores): boolean {
  const gain = (one.f1[50] ?? 0) - (other.f1[50] ?? 0);
  return gain > 0 || (gain === 0 && (one.frameAccuracy ?? 0) > (other.frameAccuracy ?? 0));
}
