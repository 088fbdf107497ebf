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

/** What validation videos say about confidence and smoothing. */
export interface Calibration {
  /** What the labeler's logits are divided by now. */
  temperature: number;
  /** For Viterbi smoothing; undefined where it would not help. */
  segmentPrior: SegmentPrior | undefined;
  /** Of the validation videos, at this temperature and with this smoothing; null without validation videos. */
  scores: DatasetScores | null;
}

/** Weights that a prior is tried with, see {@link SegmentPrior}; 0 is doing without. */
export const PRIOR_WEIGHTS = [0, 0.5, 1, 2, 4, 8, 16, 32];

/**
 * Makes a trained labeler's confidence honest, and finds out whether Viterbi smoothing helps it: fits the temperature on
 * the validation videos, learns durations and transitions from the truth of the training videos, and lets the validation
 * videos choose how much they weigh. Without validation videos nothing changes.
 *
 * @param labeler - Gets the temperature.
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
 * Tries a prior with several weights, and none at all, on held-out videos.
 *
 * @param predictions - Of videos that neither labeler nor prior were learned from.
 * @returns The prior with the weight of the highest F1@50, of the higher frame accuracy on a tie; undefined where none
 *   beats doing without. And the scores of the choice.
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
