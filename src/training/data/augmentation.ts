import { UNLABELED, type LabeledSequence, type ShownFrames } from './sequences.js';
import { delayTargets, loadFeatures } from './sequences.js';
import type { Random } from './random.js';

/** How training varies what it shows. All default to nothing. */
export interface AugmentationOptions {
  /**
   * Shows videos slower or faster, by a factor drawn anew each time from 1 / (1 + jitter) to 1 + jitter: features between
   * frames are interpolated. Default 0.
   */
  speedJitter?: number;
  /**
   * Standard deviation of noise added to features, as a share of their usual change from frame to frame, so that inputs
   * of differences stay readable. Default 0.
   */
  featureNoise?: number;
}

/** How one epoch shows one sequence. */
export interface SequenceView {
  /** Position in the list of sequences. */
  sequence: number;
  isMirrored: boolean;
  /** Frames of the sequence that pass from one frame shown to the next. */
  speed: number;
  /** Frames shown, those included that a network which looks ahead is shown at the end. */
  numFrames: number;
}

/** Draws how to show a sequence. */
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

/** Brings a sequence into memory as it is to be shown. */
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
 * Samples a sequence at another rate: features are interpolated in a straight line, labels are those of the nearest frame.
 *
 * @param speed - Frames that pass from one sample to the next; 1 changes nothing.
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
 * Adds noise to features. In place.
 *
 * @param deviations - Standard deviation of the noise of each feature, `[featureSize]`.
 * @param normal - Draws from the standard normal distribution.
 */
export function addNoise(features: Float32Array, deviations: Float32Array, normal: Random): void {
  const featureSize = deviations.length;
  for (let i = 0; i < features.length; i++) features[i]! += deviations[i % featureSize]! * normal();
}
