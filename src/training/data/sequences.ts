import { createHash } from 'node:crypto';
import type { AnnotatedVideo } from '../../annotations/datasets/dataset.js';
import type { Moments } from '../../labeler/normalization.js';
import { compareNaturally } from '../../video/media-names.js';
import { labelsAtTimes } from '../../timeline/segments.js';

/** Marks an unlabeled frame in `targets`. Loss and scores leave such frames out. */
export const UNLABELED = -1;

/**
 * Features of a whole video, float32 `[numFrames, featureSize]`, or a function that loads them on demand, so that a
 * dataset can be larger than memory.
 */
export type SequenceFeatures = Float32Array | (() => Promise<Float32Array>);

/** One video as training and evaluation use it: features and one target per frame. */
export interface LabeledSequence {
  name: string;
  numFrames: number;
  features: SequenceFeatures;
  /** Features of the mirrored video, if training may show it. */
  mirroredFeatures?: SequenceFeatures;
  /** Label index of each frame, or `UNLABELED`, `[numFrames]`. */
  targets: Int32Array;
  /** Whether the video is a clip with one label for all of it. */
  isClip: boolean;
}

/** The frames that the network sees, in memory. */
export interface ShownFrames {
  numFrames: number;
  /** float32 `[numFrames, featureSize]`. */
  features: Float32Array;
  /** `[numFrames]`. */
  targets: Int32Array;
}

/** Loads features into memory, if they are not there yet. */
export async function loadFeatures(features: SequenceFeatures): Promise<Float32Array> {
  return typeof features === 'function' ? features() : features;
}

/**
 * Joins a video's features with its labels.
 *
 * @param timesSec - Presentation time of each frame, `[numFrames]`.
 * @param background - Label for frames that no segment covers. Without it they stay unlabeled.
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
 * Delays the targets for a network with lookahead. The last frame is repeated, as `OnlineLabeler` does, so that the last
 * labels are learned too.
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

/** The labels of a dataset, each once: the background, then the others in natural order. */
export function labelsOf(videos: readonly AnnotatedVideo[], background?: string): string[] {
  const labels = new Set(videos.flatMap(({ segments }) => segments.map(({ label }) => label)));
  if (background !== undefined) labels.delete(background);
  const sorted = [...labels].sort(compareNaturally);
  return background === undefined ? sorted : [background, ...sorted];
}

/**
 * Hashes everything there is to learn: names and targets of all sequences, and the moments of the training features, which
 * depend on every feature.
 *
 * @param parts - Training and validation sequences.
 * @returns SHA-256, hexadecimal.
 */
export function hashSequences(
  parts: readonly (readonly LabeledSequence[])[],
  moments: readonly Moments[],
): string {
  const hash = createHash('sha256');
  for (const sequences of parts) {
    for (const { name, targets, isClip, mirroredFeatures } of sequences) {
      hash.update(JSON.stringify([name, isClip, mirroredFeatures !== undefined, ...targets]));
    }
    hash.update('\n');
  }
  for (const { mean, variance } of moments) {
    hash.update(Float64Array.from(mean)).update(Float64Array.from(variance));
  }
  return hash.digest('hex');
}
