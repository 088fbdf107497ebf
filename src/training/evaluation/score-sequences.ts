import { concatenate } from '../../encoder/features/encoded-frames.js';
import { OnlineLabeler } from '../../labeler/online-labeler.js';
import type { TemporalLabeler } from '../../labeler/temporal-labeler.js';
import { CalibrationScorer } from '../../timeline/calibration-error.js';
import { labelClip, labelFrames } from '../../timeline/frame-labels.js';
import { SegmentationScorer, type SegmentationScores } from '../../timeline/metrics.js';
import { smoothLabels, type SmoothingOptions } from '../../timeline/smoothing.js';
import type { ScoredFrame } from '../../timeline/timeline.js';
import { markUnknownSegments, UNKNOWN_LABEL, withUnknown } from '../../timeline/unknown.js';
import { loadFeatures, UNLABELED, type LabeledSequence } from '../data/sequences.js';

/** How well a model labels a dataset. Percentages, null where undefined. */
export interface DatasetScores extends SegmentationScores {
  /** Clips, out of those that show one label throughout, whose most probable label over all frames is right. */
  clipAccuracy: number | null;
  /** Expected calibration error of the frames' own labels, before smoothing; null without labeled frames. */
  calibrationError: number | null;
  /** Mean negative log-likelihood of the true label over labeled frames, in nats; null without labeled frames. */
  loss: number | null;
}

/** What a labeler says of a video, beside the truth. */
export interface SequencePrediction extends Pick<LabeledSequence, 'name' | 'targets' | 'isClip'> {
  /** float32 `[numFrames, numLabels]`. */
  probabilities: Float32Array;
}

/** How predictions are compared with the truth. */
export interface ScoringOptions {
  labels: readonly string[];
  /** Label that means "no activity", left out of edit, F1 and average precision. */
  background?: string;
  /** Frames a second; smoothing in seconds needs it. Default 1. */
  frameRate?: number;
  /** Calms the labels before they are scored. Off by default. */
  smoothing?: SmoothingOptions;
  /**
   * Mean confidence below which a segment is called "unknown", and a clip too. An unknown frame or clip is not right, and
   * counts against no label's precision; an unknown segment is no claim, as little as one of background.
   */
  unknownBelow?: number;
}

/** Probabilities of the true label are taken for this much at least, so that one frame cannot make the loss infinite. */
const MIN_PROBABILITY = 1e-12;

/**
 * Runs a labeler over whole sequences and compares with the truth.
 *
 * @param background - Label that means "no activity", left out of edit, F1 and average precision.
 */
export async function scoreSequences(
  labeler: TemporalLabeler,
  sequences: readonly LabeledSequence[],
  labels: readonly string[],
  background?: string,
): Promise<DatasetScores> {
  return scorePredictions(await predictSequences(labeler, sequences), { labels, background });
}

/** Runs a labeler over whole sequences. Features are in memory one video at a time, predictions all. */
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
 * Compares what a labeler said with the truth.
 *
 * @throws {UsageError} If smoothing or threshold are impossible.
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

/** Probabilities of all frames of one video, float32 `[numFrames, numLabels]`. */
async function labelWhole(labeler: TemporalLabeler, features: Float32Array): Promise<Float32Array> {
  const online = new OnlineLabeler(labeler);
  try {
    return concatenate([await online.push(features), await online.finish()]);
  } finally {
    online.dispose();
  }
}
