import { concatenate } from '../../encoder/features/encoded-frames.js';
import { UsageError } from '../../errors.js';
import { OnlineLabeler } from '../../labeler/online-labeler.js';
import type { TemporalLabeler } from '../../labeler/temporal-labeler.js';
import { CalibrationScorer } from '../../timeline/calibration-error.js';
import { labelClip, labelFrames } from '../../timeline/frame-labels.js';
import { SegmentationScorer, type SegmentationScores } from '../../timeline/metrics.js';
import { smoothLabels, type SmoothingOptions } from '../../timeline/smoothing.js';
import type { ScoredFrame } from '../../timeline/timeline.js';
import { markUnknownSegments, UNKNOWN_LABEL, withUnknown } from '../../timeline/unknown.js';
import { loadFeatures, UNLABELED, type LabeledSequence } from '../data/sequences.js';
import { MONITORS, type Monitor } from '../options/training-options.js';

/** How well a model labels a dataset. Scores are percentages; null where undefined. */
export interface DatasetScores extends SegmentationScores {
  /** Share of clips whose most probable label over all frames is right; null without clips. */
  clipAccuracy: number | null;
  /** Expected calibration error of the frame labels before smoothing; null without labeled frames. */
  calibrationError: number | null;
  /** Mean negative log-likelihood of the true label over labeled frames, in nats; null without labeled frames. */
  loss: number | null;
}

/** The predictions of a labeler for one video, with the true labels. */
export interface SequencePrediction extends Pick<LabeledSequence, 'name' | 'targets' | 'isClip'> {
  /** float32 `[numFrames, numLabels]`. */
  probabilities: Float32Array;
}

/** How predictions are scored. */
export interface ScoringOptions {
  labels: readonly string[];
  /** Label that means "no activity". It is left out of edit score, F1 and average precision. */
  background?: string;
  /** Frames per second, for smoothing in seconds. Default 1. */
  frameRate?: number;
  /** Smoothing applied before scoring. Off by default. */
  smoothing?: SmoothingOptions;
  /**
   * Mean confidence below which a segment or clip is called "unknown". An unknown frame or clip is wrong but does not lower
   * the precision of any label; an unknown segment is left out, like background.
   */
  unknownBelow?: number;
}

/** Lower bound for the probability of the true label, so that one frame cannot make the loss infinite. */
const MIN_PROBABILITY = 1e-12;

/**
 * Runs a labeler over whole sequences and scores its predictions.
 *
 * @param background - Label that means "no activity". It is left out of edit score, F1 and average precision.
 */
export async function scoreSequences(
  labeler: TemporalLabeler,
  sequences: readonly LabeledSequence[],
  labels: readonly string[],
  background?: string,
): Promise<DatasetScores> {
  return scorePredictions(await predictSequences(labeler, sequences), { labels, background });
}

/** Runs a labeler over whole sequences. The features of one video at a time are in memory, and all predictions. */
export async function predictSequences(
  labeler: TemporalLabeler,
  sequences: readonly LabeledSequence[],
): Promise<SequencePrediction[]> {
  const predictions: SequencePrediction[] = [];
  for (const { name, targets, isClip, features } of sequences) {
    const probabilities = await labelWhole(labeler, await loadFeatures(features));
    predictions.push({ name, targets, isClip, probabilities });
  }
  return predictions;
}

/**
 * Scores predictions against the true labels.
 *
 * @throws {UsageError} If the smoothing options or the threshold are out of range.
 */
export function scorePredictions(
  predictions: readonly SequencePrediction[],
  { labels, background, frameRate = 1, smoothing = {}, unknownBelow }: ScoringOptions,
): DatasetScores {
  const isUnknownAllowed = unknownBelow !== undefined;
  const backgroundLabels = background === undefined ? [] : [background];
  if (isUnknownAllowed && !labels.includes(UNKNOWN_LABEL)) backgroundLabels.push(UNKNOWN_LABEL);
  const segmentation = new SegmentationScorer({
    labels: isUnknownAllowed ? withUnknown(labels) : labels,
    backgroundLabels,
  });
  const calibration = new CalibrationScorer();
  const clips = { right: 0, all: 0 };
  const logLikelihood = { sum: 0, frames: 0 };
  for (const { targets, isClip, probabilities } of predictions) {
    const timesSec = Array.from(targets, (_, frame) => frame / frameRate);
    const own = labelFrames(labels, probabilities, timesSec);
    const smoothed = smoothLabels(labels, own, targets.length / frameRate, smoothing);
    const given = isUnknownAllowed ? markUnknownSegments(smoothed, unknownBelow) : smoothed;
    segmentation.add(
      Array.from(targets, (target) => labels[target]),
      given.map(({ label }) => label),
      given.map(({ confidence }) => confidence),
    );
    targets.forEach((target, frame) => {
      if (target === UNLABELED) return;
      const { label, confidence, probabilities: row } = own[frame] as ScoredFrame;
      calibration.add(confidence, label === labels[target]);
      logLikelihood.sum += Math.log(Math.max(row[target] as number, MIN_PROBABILITY));
      logLikelihood.frames++;
    });
    if (isClip && targets.length > 0) {
      const { label, confidence } = labelClip(labels, probabilities);
      clips.all++;
      if (label === labels[targets[0] as number] && confidence >= (unknownBelow ?? 0)) clips.right++;
    }
  }
  return {
    ...segmentation.result(),
    clipAccuracy: clips.all > 0 ? (100 * clips.right) / clips.all : null,
    calibrationError: calibration.error(),
    loss: logLikelihood.frames > 0 ? -logLikelihood.sum / logLikelihood.frames : null,
  };
}

/**
 * How good an epoch is by one of its validation scores. Higher is better.
 *
 * @throws {UsageError} If the score is undefined for the validation videos.
 */
export function goodnessOf(scores: DatasetScores, monitor: Monitor): number {
  const { f1, ...others } = scores;
  const values: Record<Monitor, number | null> = {
    ...others,
    'f1@10': f1[10],
    'f1@25': f1[25],
    'f1@50': f1[50],
  };
  const value = values[monitor];
  if (value === null) {
    throw new UsageError(
      `The ${monitor} of the validation videos is undefined, so it cannot decide which epoch is best. ` +
        `Choose another monitor: ${MONITORS.join(', ')}.`,
    );
  }
  return monitor === 'loss' ? -value : value;
}

/** Probabilities of all frames of one video, float32 `[numFrames, numLabels]`. */
async function labelWhole(labeler: TemporalLabeler, features: Float32Array): Promise<Float32Array> {
  const online = new OnlineLabeler(labeler);
  try {
    return concatenate([await online.push(features), await online.finish()]);
  } finally {
    online.dispose();
  }
}
