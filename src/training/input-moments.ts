import type { InputKind, LabelerConfig } from '../labeler/labeler-config.js';
import type { Moments } from '../labeler/normalization.js';
import { loadFeatures, type LabelledSequence } from './sequences.js';

/**
 * Mean and variance of each input of a network over all frames of a dataset, in the order of the inputs. Holds one video
 * at a time.
 */
export async function inputMoments(
  sequences: readonly LabelledSequence[],
  { inputs, featureSize }: Pick<LabelerConfig, 'featureSize'> & { inputs: readonly InputKind[] },
): Promise<Moments[]> {
  const sums = new Map(inputs.map((kind) => [kind, new MomentSums(featureSize)]));
  for (const { features, numFrames } of sequences) {
    const values = await loadFeatures(features);
    for (const [kind, sum] of sums) {
      for (let frame = kind === 'features' ? 0 : 1; frame < numFrames; frame++) {
        sum.add((i) => inputAt(kind, values, frame * featureSize + i, featureSize));
      }
    }
  }
  return [...sums.values()].map((sum) => sum.moments());
}

/** One value of one input; the network computes the same with tensors. */
function inputAt(kind: InputKind, features: Float32Array, position: number, featureSize: number): number {
  const value = features[position] as number;
  if (kind === 'features') return value;
  const difference = value - (features[position - featureSize] as number);
  return kind === 'magnitude' ? Math.abs(difference) : difference;
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
