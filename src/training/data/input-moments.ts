import type { InputKind, LabelerConfig } from '../../labeler/labeler-config.js';
import type { Moments } from '../../labeler/normalization.js';
import { loadFeatures, type LabeledSequence } from './sequences.js';

/**
 * Computes mean and variance of each input of a network over all frames of a dataset. Holds one video in memory at a
 * time.
 *
 * @returns Moments in the order of the network's inputs.
 */
export async function inputMoments(
  sequences: readonly LabeledSequence[],
  config: Pick<LabelerConfig, 'inputs' | 'featureSize' | 'motionFrames'>,
): Promise<Moments[]> {
  const { inputs, featureSize } = config;
  const sums = new Map(inputs.map((kind) => [kind, new MomentSums(featureSize)]));
  for (const { features, numFrames } of sequences) {
    const values = await loadFeatures(features);
    for (const [kind, sum] of sums) {
      const input = inputOf(kind, values, config);
      // The first frame of a video has no change by definition, so it must not count.
      for (let frame = kind === 'features' ? 0 : 1; frame < numFrames; frame++) {
        sum.add((i) => input(frame * featureSize + i));
      }
    }
  }
  return [...sums.values()].map((sum) => sum.moments());
}

/**
 * Standard deviation of the change of each feature from frame to frame, times a factor.
 *
 * @returns float32 `[featureSize]`.
 */
export async function changeDeviations(
  sequences: readonly LabeledSequence[],
  config: Pick<LabelerConfig, 'featureSize' | 'motionFrames'>,
  factor: number,
): Promise<Float32Array> {
  const [change] = await inputMoments(sequences, { ...config, inputs: ['difference'] });
  return Float32Array.from(change!.variance, (variance) => factor * Math.sqrt(variance));
}

/** One input of one video as a function of the position in its features. The network computes the same with tensors. */
function inputOf(
  kind: InputKind,
  features: Float32Array,
  { featureSize, motionFrames }: Pick<LabelerConfig, 'featureSize' | 'motionFrames'>,
): (position: number) => number {
  const difference = (position: number) => features[position]! - features[position - featureSize]!;
  const magnitude = (position: number) => Math.abs(difference(position));
  switch (kind) {
    case 'features':
      return (position) => features[position]!;
    case 'difference':
      return difference;
    case 'magnitude':
      return magnitude;
    case 'motion': {
      const motion = motionOf(magnitude, features.length, featureSize, motionFrames);
      return (position) => motion[position]!;
    }
  }
}

/** The running mean of the magnitude; see `runningMotion`. */
function motionOf(
  magnitude: (position: number) => number,
  length: number,
  featureSize: number,
  motionFrames: number,
): Float64Array {
  const decay = 1 - 1 / motionFrames;
  const motion = new Float64Array(length);
  const sums = new Float64Array(featureSize);
  let weight = 0;
  for (let start = featureSize; start < length; start += featureSize) {
    weight = decay * weight + (1 - decay);
    for (let i = 0; i < featureSize; i++) {
      sums[i] = decay * sums[i]! + (1 - decay) * magnitude(start + i);
      motion[start + i] = sums[i]! / weight;
    }
  }
  return motion;
}

/**
 * Running mean and variance of each element, without the cancellation of a sum of squares.
 *
 * @see Welford 1962, "Note on a method for calculating corrected sums of squares and products".
 */
class MomentSums {
  #count = 0;
  readonly #mean: Float64Array;
  readonly #squares: Float64Array;

  constructor(size: number) {
    this.#mean = new Float64Array(size);
    this.#squares = new Float64Array(size);
  }

  add(valueAt: (position: number) => number): void {
    this.#count++;
    for (let i = 0; i < this.#mean.length; i++) {
      const value = valueAt(i);
      const delta = value - (this.#mean[i] as number);
      this.#mean[i]! += delta / this.#count;
      this.#squares[i]! += delta * (value - (this.#mean[i] as number));
    }
  }

  moments(): Moments {
    return { mean: this.#mean, variance: this.#squares.map((sum) => sum / Math.max(this.#count, 1)) };
  }
}
