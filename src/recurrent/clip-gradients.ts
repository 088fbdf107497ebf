/**
 * Three ways to bound a gradient before the optimizer takes its step. All take the gradients over: a tensor that is not
 * returned is disposed, also when the call fails. The caller disposes what is returned. Not for use inside `tf.tidy`.
 *
 * A norm is the Euclidean length. It is right for every finite float32 gradient, be its values 1e-30 or 1e30.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { GradientError, UsageError } from '../errors.js';

/** Gradients after clipping. The caller disposes them. */
export interface ClippedGradients {
  gradients: NamedTensorMap;
  /** Length of the gradient over all variables together, before clipping. */
  norm: number;
}

/**
 * Scales the gradients of all variables by one factor, so that their length together is at most `maxNorm`. The
 * direction stays.
 *
 * @param maxNorm - Above 0. Infinity clips nothing.
 * @throws {GradientError} If a gradient holds NaN or infinity.
 * @see Pascanu et al. 2013, arXiv:1211.5063.
 */
export function clipByGlobalNorm(gradients: NamedTensorMap, maxNorm: number): Promise<ClippedGradients> {
  return takeOver(gradients, async () => {
    expectLimit('maxNorm', maxNorm);
    const norm = await globalNorm(gradients);
    return { gradients: mapGradients(gradients, (gradient) => shorten(gradient, norm, maxNorm)), norm };
  });
}

/**
 * Scales the gradient of each variable by a factor of its own, so that no variable's is longer than `maxNorm`. Turns the
 * direction of the whole: short gradients stay as they are where long ones shrink.
 *
 * @param maxNorm - Above 0. Infinity clips nothing.
 * @returns Also the length of each variable's gradient before clipping.
 * @throws {GradientError} If a gradient holds NaN or infinity.
 */
export function clipByNorm(
  gradients: NamedTensorMap,
  maxNorm: number,
): Promise<ClippedGradients & { norms: Record<string, number> }> {
  return takeOver(gradients, async () => {
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
 * Moves every value into ±`maxValue`. Turns the direction towards that of the signs.
 *
 * @param maxValue - Above 0. Infinity clips nothing.
 * @throws {GradientError} If a gradient holds NaN or infinity.
 * @see Mikolov 2012, "Statistical language models based on neural 3.2.2.
 */
export function clipByValue(gradients: NamedTensorMap, maxValue: number): Promise<ClippedGradients> {
  return takeOver(gradients, async () => {
    expectLimit('maxValue', maxValue);
    const norm = await globalNorm(gradients);
    // No value is longer than the whole.
    const clip = (gradient: Tensor) =>
      norm <= maxValue ? gradient : tf.clipByValue(gradient, -maxValue, maxValue);
    return { gradients: mapGradients(gradients, clip), norm };
  });
}

/**
 * Squares of float32 vanish below 1e-45 and overflow above 3e38. A sum of them within these bounds lost nothing that
 * shows in float32; outside, lengths are computed anew in float64.
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

/** The sum of each tensor's squares, by a single download. */
async function sumsOfSquares(tensors: readonly Tensor[]): Promise<number[]> {
  if (tensors.length === 0) return [];
  const sums = tf.tidy(() => tf.stack(tensors.map((tensor) => tf.sum(tf.square(tensor)))));
  try {
    return [...(await sums.data<'float32'>())];
  } finally {
    sums.dispose();
  }
}

/** @throws {GradientError} If a value is not finite. */
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

/** The gradient itself where it is short enough. */
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

/** Disposes those of the given gradients that `clip` does not return. */
async function takeOver<Result extends ClippedGradients>(
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

/** @throws {UsageError} */
function expectLimit(name: string, limit: number): void {
  if (!(limit > 0)) throw new UsageError(`${name} is ${limit}; expected a number above 0.`);
}
