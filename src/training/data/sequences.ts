import type { AnnotatedVideo } from '../../annotations/datasets/dataset.js';
import { compareNaturally } from '../../video/media-names.js';
import { labelsAtTimes } from '../../timeline/segments.js';

/** Stands in `targets` for a frame without a label: left out of loss and metrics. */
export const UNLABELED = -1;

/**
 * Features of a whole video, float32 `[numFrames, featureSize]`: the numbers themselves, or what gets them whenever they
 * are needed, so that a dataset can be larger than memory.
 */
export type SequenceFeatures = Float32Array | (() => Promise<Float32Array>);

/** A video as training and evaluation know it. */
export interface LabeledSequence {
  name: string;
  numFrames: number;
  features: SequenceFeatures;
  /** The same of the video seen in a mirror, where training is to show it so now and then. */
  mirroredFeatures?: SequenceFeatures;
  /** Index of each frame's label, or `UNLABELED`, `[numFrames]`. */
  targets: Int32Array;
  /** Whether one label holds for the whole video, so that it counts as a clip. */
  isClip: boolean;
}

/** Frames as a network is shown them, in memory. */
export interface ShownFrames {
  numFrames: number;
  /** float32 `[numFrames, featureSize]`. */
  features: Float32Array;
  /** `[numFrames]`. */
  targets: Int32Array;
}

/** Brings features into memory. */
export async function loadFeatures(features: SequenceFeatures): Promise<Float32Array> {
  return typeof features === 'function' ? features() : features;
}

/**
 * Joins a video's features with its truth.
 *
 * @param timesSec - Time of each frame, `[numFrames]`.
 * @param background - Label for the frames that the truth leaves out; they stay unlabeled without it.
 */
export function labelSequence(
  { name, segments, clipLabel }: AnnotatedVideo,
  timesSec: Float64Array,
  features: SequenceFeatures,
  labels: readonly string[],
  background?: string,
): LabeledSequence {
  const shown = labelsAtTimes(segments, [...timesSec]).map((label) => label ?? background);
  return {
    name,
    numFrames: timesSec.length,
    features,
    targets: Int32Array.from(shown, (label) => (label === undefined ? UNLABELED : labels.indexOf(label))),
    isClip: clipLabel !== undefined,
  };
}

/**
 * Asks for each frame's label some frames later, for a network that looks ahead. The last frame is repeated, as
 * `OnlineLabeler` does, so that the last labels are asked for too.
 */
export function delayTargets(shown: ShownFrames, lookahead: number): ShownFrames {
  if (lookahead === 0 || shown.numFrames === 0) return shown;
  const { features, targets, numFrames } = shown;
  const featureSize = features.length / numFrames;
  const delayed = {
    numFrames: numFrames + lookahead,
    targets: new Int32Array(numFrames + lookahead).fill(UNLABELED),
    features: new Float32Array((numFrames + lookahead) * featureSize),
  };
  delayed.targets.set(targets, lookahead);
  delayed.features.set(features);
  for (let frame = numFrames; frame < numFrames + lookahead; frame++) {
    delayed.features.copyWithin(frame * featureSize, (numFrames - 1) * featureSize, numFrames * featureSize);
  }
  return delayed;
}

/** The labels of a dataset, each once, in natural order, the background first. */
export function labelsOf(videos: readonly AnnotatedVideo[], background?: string): string[] {
  const labels = new Set(videos.flatMap(({ segments }) => segments.map(({ label }) => label)));
  if (background !== undefined) labels.delete(background);
  const sorted = [...labels].sort(compareNaturally);
  return background === undefined ? sorted : [background, ...sorted];
}
