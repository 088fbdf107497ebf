import type { Random } from './random.js';
import {
  delayTargets,
  loadFeatures,
  UNLABELED,
  type LabeledSequence,
  type ShownFrames,
} from './sequences.js';

/** How one epoch shows one sequence. */
export interface SequenceView {
  /** Position in the list of sequences. */
  sequence: number;
  isMirrored: boolean;
  /** Step from one shown frame to the next, in frames of the sequence. */
  speed: number;
  /** Frames shown, including those added at the end for a network with lookahead. */
  numFrames: number;
}

/** Draws how to show a sequence: mirrored or not, and at what speed. */
export function drawView(
  sequence: number,
  { numFrames, mirroredFeatures }: LabeledSequence,
  { speedJitter, lookahead }: { speedJitter: number; lookahead: number },
  random: Random,
): SequenceView {
  const isMirrored = random() < 0.5 && mirroredFeatures !== undefined;
  const speed = (1 + speedJitter) ** (2 * random() - 1);
  const numShown = numFrames === 0 ? 0 : Math.floor((numFrames - 1) / speed) + 1 + lookahead;
  return { sequence, isMirrored, speed, numFrames: numShown };
}

/** Loads a sequence and applies a view to it. */
export async function showSequence(
  { features, mirroredFeatures = features, targets, numFrames }: LabeledSequence,
  view: SequenceView,
  lookahead: number,
): Promise<ShownFrames> {
  const loaded = await loadFeatures(view.isMirrored ? mirroredFeatures : features);
  const resampled = resampleInTime({ features: loaded, targets, numFrames }, view.speed);
  return delayTargets(resampled, lookahead);
}

/**
 * Samples a sequence at another rate. Features are interpolated linearly; labels are those of the nearest frame.
 *
 * @param speed - Step from one sample to the next, in frames; 1 returns the sequence unchanged.
 */
export function resampleInTime(shown: ShownFrames, speed: number): ShownFrames {
  if (speed === 1 || shown.numFrames === 0) return shown;
  const featureSize = shown.features.length / shown.numFrames;
  const numFrames = Math.floor((shown.numFrames - 1) / speed) + 1;
  const features = new Float32Array(numFrames * featureSize);
  const targets = new Int32Array(numFrames).fill(UNLABELED);
  for (let frame = 0; frame < numFrames; frame++) {
    const position = frame * speed;
    const before = Math.floor(position);
    const after = Math.min(before + 1, shown.numFrames - 1);
    const share = position - before;
    targets[frame] = shown.targets[Math.min(Math.round(position), shown.numFrames - 1)]!;
    for (let i = 0; i < featureSize; i++) {
      const from = shown.features[before * featureSize + i]!;
      const to = shown.features[after * featureSize + i]!;
      features[frame * featureSize + i] = from + share * (to - from);
    }
  }
  return { numFrames, features, targets };
}

/**
 * Adds noise to features, in place.
 *
 * @param deviations - Standard deviation of each feature's noise, `[featureSize]`.
 * @param normal - Draws from the standard normal distribution.
 */
export function addNoise(features: Float32Array, deviations: Float32Array, normal: Random): void {
  const featureSize = deviations.length;
  for (let i = 0; i < features.length; i++) features[i]! += deviations[i % featureSize]! * normal();
}
