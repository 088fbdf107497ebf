import type { Moments } from '../labeler/temporal-labeler.js';
import type { LabelledSequence } from './sequences.js';

/** Mean and variance of features, and of their difference to the frame before, over all frames of a dataset. */
export function featureMoments(
  sequences: readonly LabelledSequence[],
  featureSize: number,
): { features: Moments; differences: Moments } {
  const features = new MomentSums(featureSize);
  const differences = new MomentSums(featureSize);
  const difference = new Float32Array(featureSize);
  for (const { features: values, numFrames } of sequences) {
    for (let frame = 0; frame < numFrames; frame++) {
      const start = frame * featureSize;
      features.add(values.subarray(start, start + featureSize));
      if (frame === 0) continue;
      for (let i = 0; i < featureSize; i++) {
        difference[i] = (values[start + i] as number) - (values[start - featureSize + i] as number);
      }
      differences.add(difference);
    }
  }
  return { features: features.moments(), differences: differences.moments() };
}

/** Running mean and variance of each element, without the loss of digits that a sum of squares has (Welford 1962). */
class MomentSums {
  #count = 0;
  readonly #mean: Float64Array;
  readonly #squares: Float64Array;

  constructor(size: number) {
    this.#mean = new Float64Array(size);
    this.#squares = new Float64Array(size);
  }

  add(values: Float32Array): void {
    this.#count++;
    for (let i = 0; i < values.length; i++) {
      const delta = (values[i] as number) - (this.#mean[i] as number);
      this.#mean[i]! += delta / this.#count;
      this.#squares[i]! += delta * ((values[i] as number) - (this.#mean[i] as number));
    }
  }

  moments(): Moments {
    return { mean: this.#mean, variance: this.#squares.map((sum) => sum / Math.max(this.#count, 1)) };
  }
}
