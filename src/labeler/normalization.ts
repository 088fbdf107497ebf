import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.js';

/** Mean and variance of each feature over the frames of a dataset, `[featureSize]`. */
export interface Moments {
  mean: ArrayLike<number>;
  variance: ArrayLike<number>;
}

/** Share of the mean variance below which an input counts as constant in training. */
const MIN_VARIANCE_SHARE = 1e-6;

/** Standardized inputs are clipped at this many standard deviations, so that a strange frame cannot dominate the state. */
const MAX_DEVIATION = 8;

/**
 * Computes the mean and scale that standardize inputs as `(input − mean) · scale`. An input that hardly varied in training gets a
 * scale of zero: nothing was learned from it, and any change in another video would be huge.
 *
 * @param parts - Moments of the blocks of features that are concatenated in an input.
 * @returns float32 `[parts · featureSize]` each.
 * @throws {ShapeError} If the length of moments is not `featureSize`.
 */
export function normalizationOf(
  parts: readonly Moments[],
  featureSize: number,
): { mean: Float32Array; scale: Float32Array } {
  for (const { mean, variance } of parts) {
    if (mean.length !== featureSize || variance.length !== featureSize) {
      const received = `${mean.length} and ${variance.length}`;
      throw new ShapeError('Mean and variance to normalize by', `${featureSize} values each`, received);
    }
  }
  return {
    mean: Float32Array.from(parts.flatMap(({ mean }) => Array.from(mean))),
    scale: Float32Array.from(parts.flatMap(({ variance }) => scalesOf(Array.from(variance)))),
  };
}

/**
 * Standardizes inputs with the result of {@link normalizationOf}, and clips them.
 *
 * @param inputs - float32 `[batch, time, size]`.
 * @returns The same shape. The caller disposes it; call inside `tf.tidy`.
 */
export function normalize(inputs: Tensor3D, mean: Tensor2D, scale: Tensor2D): Tensor3D {
  return tf.clipByValue(tf.mul(tf.sub(inputs, mean), scale), -MAX_DEVIATION, MAX_DEVIATION);
}

function scalesOf(variances: number[]): number[] {
  const floor =
    (MIN_VARIANCE_SHARE * variances.reduce((sum, variance) => sum + variance, 0)) / variances.length;
  return variances.map((variance) => (variance > floor ? 1 / Math.sqrt(variance) : 0));
}
