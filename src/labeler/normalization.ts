import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.js';

/** Mean and variance of each feature over the frames of a dataset, `[featureSize]`. */
export interface Moments {
  mean: ArrayLike<number>;
  variance: ArrayLike<number>;
}

/** Share of the mean variance below which an input counts as one that never moved in training. */
const MIN_VARIANCE_SHARE = 1e-6;

/** Standard deviations beyond which an input says "far out" and no more, so that no strange frame floods the state. */
const MAX_DEVIATION = 8;

/**
 * What brings inputs to mean zero and variance one as `(input − mean) · scale`. An input that hardly moved in training
 * is silenced by a scale of zero: it taught nothing, and its first move in another video would be huge in its own units.
 *
 * @param parts - Moments of the blocks of features that stand side by side in an input.
 * @returns float32 `[parts · featureSize]` each.
 * @throws {ShapeError} If moments are not of `featureSize`.
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
 * Applies what {@link normalizationOf} found, within limits.
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
