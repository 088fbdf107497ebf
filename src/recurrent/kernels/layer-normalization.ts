import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { columnBlocks, product } from '../../tfjs/dense-product.js';
import type { ForwardInputs, RecurrenceAttributes } from '../contract.js';
import { forwardComposed, projectInputs } from './composed-recurrence.js';

/** Added to the variance, so that a constant vector becomes zero. Same value as in Keras. */
const EPSILON = 1e-3;

/**
 * Runs a cell over a sequence with layer normalization. Both products are normalized before they are added:
 *
 *   LN(x·W)·gain₀ + LN(h·U)·gain₁ + bias
 *
 * LN covers all gates of a product. It runs in composed operations, which TensorFlow.js differentiates step by step, so it
 * is several times slower than `recurrence`. Call it inside `tf.tidy`.
 *
 * @param gain - float32 `[2, gates·units]`.
 * @see Ba, Kiros and Hinton 2016, "Layer normalization", arXiv:1607.06450. Unlike there, the cell state is not normalized.
 */
export function normalizedRecurrence(
  inputs: ForwardInputs<Tensor>,
  gain: Tensor2D,
  attributes: RecurrenceAttributes,
): { outputs: Tensor3D; auxiliary?: Tensor3D } {
  const { cell } = attributes;
  const [inputGain, recurrentGain] = tf.split(gain, 2, 0) as [Tensor2D, Tensor2D];
  const gainOfStage = columnBlocks(recurrentGain, cell.productWidths);
  const sequence = projectInputs(inputs);
  const projected = tf.mul<Tensor>(normalized(sequence.projected), inputGain);
  const multiply = (operand: Tensor2D, stage: number): Tensor2D => {
    const kernel = (stage === 0 ? inputs.recurrentKernel : inputs.candidateKernel) as Tensor2D;
    return tf.mul(normalized(product(operand, kernel)), gainOfStage[stage]!);
  };
  return forwardComposed({ ...sequence, projected }, attributes, { multiply });
}

/** Normalizes to zero mean and unit variance along the last axis. */
function normalized<T extends Tensor>(values: T): T {
  const { mean, variance } = tf.moments(values, -1, true);
  return tf.mul(tf.sub(values, mean), tf.rsqrt(tf.add(variance, EPSILON)));
}
