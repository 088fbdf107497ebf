/**
 * Three ways to bound gradients before the optimizer takes its step. Each takes ownership of the gradients: it disposes
 * every tensor that it does not return, also if it fails. The caller disposes what is returned. Do not call them inside
 * `tf.tidy`.
 *
 * A norm is the Euclidean length. It is correct for all finite float32 values, from 1e-30 to 1e30.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { GradientError, UsageError } from '../errors.js';

/** Gradients after clipping. The caller disposes them. */
export interface ClippedGradients {
  gradients: NamedTensorMap;
  /** Length of the gradient over all variables, before clipping. */
  norm: number;
}

/**
 * Scales the gradients of all variables by one factor, so that their total length is at most `maxNorm`. The direction
 * stays the same.
 *
 * @param maxNorm - Above 0. Infinity clips nothing.
 * @throws {UsageError} If `maxNorm` is not above 0.
 * @throws {GradientError} If a gradient contains NaN or infinity.
 * @see Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", arXiv:1211.5063.
 * @example
 * const { gradients, norm } = await clipByGlobalNorm(grads, 1);
 */
export function clipByGlobalNorm(gradients: NamedTensorMap, maxNorm: number): Promise<ClippedGradients> {
  return takeOwnership(gradients, async () => {
    expectLimit('maxNorm', maxNorm);
    const norm = await globalNorm(gradients);
    return { gradients: mapGradients(gradients, (gradient) => shorten(gradient, norm, maxNorm)), norm };
  });
}

/**
 * Scales the gradient of each variable separately, so that none is longer than `maxNorm`. This changes the direction of
 * the total gradient, because only long gradients shrink.
 *
 * @param maxNorm - Above 0. Infinity clips nothing.
 * @returns Also `norms`: the length of each variable's gradient before clipping, by name.
 * @throws {UsageError} If `maxNorm` is not above 0.
 * @throws {GradientError} If a gradient contains NaN or infinity.
 */
export function clipByNorm(
  gradients: NamedTensorMap,
  maxNorm: number,
): Promise<ClippedGradients & { norms: Record<string, number> }> {
  return takeOwnership(gradients, async () => {
    expectLimit('maxNorm', maxNorm);
    const norms = await normOfEach(gradients);
    return {
      gradients: mapGradients(gradients, (gradient, name) => shorten(gradient, norms[name]!, maxNorm)),
      norm: Math.hypot(...Object.values(norms)),
      norms,
    };
  });
}

/**
 * Clips every value to ±`maxValue`. This changes the direction of the gradient.
 *
 * @param maxValue - Above 0. Infinity clips nothing.
 * @throws {UsageError} If `maxValue` is not above 0.
 * @throws {GradientError} If a gradient contains NaN or infinity.
 * @see Mikolov 2012, "Statistical language models based on neural networks" (PhD thesis, Brno University of Technology),
 *   section 3.2.2.
 */
export function clipByValue(gradients: NamedTensorMap, maxValue: number): Promise<ClippedGradients> {
  return takeOwnership(gradients, async () => {
    expectLimit('maxValue', maxValue);
    const norm = await globalNorm(gradients);
    // No single value can exceed the total length.
    const clip = (gradient: Tensor) =>
      norm <= maxValue ? gradient : tf.clipByValue(gradient, -maxValue, maxValue);
    return { gradients: mapGradients(gradients, clip), norm };
  });
}

/**
 * Squares of float32 values underflow below 1e-45 and overflow above 3e38. A sum within these bounds is exact to float32.
 * Outside them, lengths are computed again in float64.
 */
const [MIN_SUM, MAX_SUM] = [1e-24, 3e38];
const isExact = (sumOfSquares: number): boolean => sumOfSquares >= MIN_SUM && sumOfSquares <= MAX_SUM;

async function globalNorm(gradients: NamedTensorMap): Promise<number> {
  const sums = await sumsOfSquares(Object.values(gradients));
  const sum = sums.reduce((total, square) => total + square, 0);
  return isExact(sum) ? Math.sqrt(sum) : Math.hypot(...Object.values(await exactNorms(gradients)));
}

async function normOfEach(gradients: NamedTensorMap): Promise<Record<string, number>> {
  const sums = await sumsOfSquares(Object.values(gradients));
  const entries = Object.entries(gradients);
  const inexact = entries.filter((_, index) => !isExact(sums[index]!));
  const norms = entries.map(([name], index): [string, number] => [name, Math.sqrt(sums[index]!)]);
  return { ...Object.fromEntries(norms), ...(await exactNorms(Object.fromEntries(inexact))) };
}

/** The sum of squares of each tensor, read from the backend in one transfer. */
async function sumsOfSquares(tensors: readonly Tensor[]): Promise<number[]> {
  if (tensors.length === 0) return [];
  const sums = tf.tidy(() => tf.stack(tensors.map((tensor) => tf.sum(tf.square(tensor)))));
  try {
    return [...(await sums.data<'float32'>())];
  } finally {
    sums.dispose();
  }
}

/**
 * Norms computed in float64.
 *
 * @throws {GradientError} If a value is not finite.
 */
async function exactNorms(gradients: NamedTensorMap): Promise<Record<string, number>> {
  const norms: Record<string, number> = {};
  for (const [name, gradient] of Object.entries(gradients)) {
    const values = await gradient.data<'float32'>();
    norms[name] = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  }
  const culprits = Object.keys(norms).filter((name) => !Number.isFinite(norms[name]));
  if (culprits.length > 0) throw new GradientError(culprits);
  return norms;
}

/** Returns the gradient itself if it is short enough. */
function shorten(gradient: Tensor, norm: number, maxNorm: number): Tensor {
  return norm <= maxNorm ? gradient : tf.mul(gradient, maxNorm / norm);
}

function mapGradients(
  gradients: NamedTensorMap,
  change: (gradient: Tensor, name: string) => Tensor,
): NamedTensorMap {
  return tf.tidy(() =>
    Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name, change(gradient, name)])),
  );
}

/** Runs `clip` and disposes all given gradients that it does not return. */
async function takeOwnership<Result extends ClippedGradients>(
  gradients: NamedTensorMap,
  clip: () => Promise<Result>,
): Promise<Result> {
  let kept = new Set<Tensor>();
  try {
    const result = await clip();
    kept = new Set(Object.values(result.gradients));
    return result;
  } finally {
    tf.dispose(Object.values(gradients).filter((gradient) => !kept.has(gradient)));
  }
}

function expectLimit(name: string, limit: number): void {
  if (!(limit > 0)) throw new UsageError(`${name} is ${limit}. Expected a number above 0.`);
}
