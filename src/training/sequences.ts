import type { AnnotatedVideo } from '../annotations/dataset.js';
import { compareNaturally } from '../annotations/media-names.js';
import { labelsAtTimes } from '../timeline/segments.js';

/** Stands in `targets` for a frame without a label: left out of loss and metrics. */
export const UNLABELLED = -1;

/** A video as the network sees it in training. */
export interface LabelledSequence {
  name: string;
  numFrames: number;
  /** float32 `[numFrames, featureSize]`. */
  features: Float32Array;
  /** Index of each frame's label, or `UNLABELLED`, `[numFrames]`. */
  targets: Int32Array;
  /** Whether one label holds for the whole video, so that it counts as a clip. */
  isClip: boolean;
}

/**
 * Joins a video's features with its truth.
 *
 * @param timesSec - Time of each frame, `[numFrames]`.
 * @param features - float32 `[numFrames, featureSize]`.
 * @param background - Label for the frames that the truth leaves out; they stay unlabelled without it.
 */
export function labelSequence(
  { name, segments, clipLabel }: AnnotatedVideo,
  timesSec: Float64Array,
  features: Float32Array,
  labels: readonly string[],
  background?: string,
): LabelledSequence {
  const shown = labelsAtTimes(segments, [...timesSec]).map((label) => label ?? background);
  return {
    name,
    numFrames: timesSec.length,
    features,
    targets: Int32Array.from(shown, (label) => (label === undefined ? UNLABELLED : labels.indexOf(label))),
    isClip: clipLabel !== undefined,
  };
}

/**
 * Asks for each frame's label some frames later, for a network that looks ahead. The last frame is repeated, as
 * `OnlineLabeler` does, so that the last labels are asked for too.
 */
export function delayTargets(sequence: LabelledSequence, lookahead: number): LabelledSequence {
  if (lookahead === 0 || sequence.numFrames === 0) return sequence;
  const { features, targets, numFrames } = sequence;
  const featureSize = features.length / numFrames;
  const delayed = {
    targets: new Int32Array(numFrames + lookahead).fill(UNLABELLED),
    features: new Float32Array((numFrames + lookahead) * featureSize),
  };
  delayed.targets.set(targets, lookahead);
  delayed.features.set(features);
  for (let frame = numFrames; frame < numFrames + lookahead; frame++) {
    delayed.features.copyWithin(frame * featureSize, (numFrames - 1) * featureSize, numFrames * featureSize);
  }
  return { ...sequence, ...delayed, numFrames: numFrames + lookahead };
}

/** The labels of a dataset, each once, in natural order, the background first. */
export function labelsOf(videos: readonly AnnotatedVideo[], background?: string): string[] {
  const labels = new Set(videos.flatMap(({ segments }) => segments.map(({ label }) => label)));
  if (background !== undefined) labels.delete(background);
  const sorted = [...labels].sort(compareNaturally);
  return background === undefined ? sorted : [background, ...sorted];
}
