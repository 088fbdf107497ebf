import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import '../../tfjs/register-gradients.js';
import { UNLABELED } from '../data/sequences.js';

/**
 * Weighted mean cross-entropy over frames.
 *
 * @param logits - float32 `[batch, time, labels]`.
 * @param targets - Distribution over labels times the frame's weight, float32 `[batch, time, labels]`. A row of zeros
 *   excludes the frame.
 * @returns Scalar in nats. Differentiable in the logits.
 */
export function sequenceLoss(logits: Tensor3D, targets: Tensor3D): Scalar {
  return tf.tidy(() => {
    const logProbabilities = tf.logSoftmax(logits);
    const total = tf.neg(tf.sum(tf.mul(logProbabilities, targets)));
    return tf.div(total, tf.maximum(tf.sum(targets), 1e-6));
  });
}

/** Largest change of a log-probability between frames that has a gradient. A larger one is taken for a new label. */
const MAX_CHANGE = 4;

/**
 * Truncated mean squared error between the log-probabilities of neighboring frames, which reduces flickering labels. No
 * gradient flows through the earlier frame.
 *
 * @param logits - float32 `[batch, time, labels]`, at least two steps.
 * @param pairs - 1 if a frame and the one before belong to one video, else 0, float32 `[batch, time − 1]`.
 * @returns Mean over pairs and labels, scalar. Differentiable in the logits.
 * @see Farha and Gall 2019, "MS-TCN: multi-stage temporal convolutional network for action segmentation",
 *   arXiv:1903.01945, equations 8 to 10.
 */
export function smoothnessLoss(logits: Tensor3D, pairs: Tensor2D): Scalar {
  return tf.tidy(() => {
    const [batchSize, numSteps, numLabels] = logits.shape;
    const logProbabilities = tf.logSoftmax(logits);
    const size: [number, number, number] = [batchSize, numSteps - 1, numLabels];
    const after = tf.slice(logProbabilities, [0, 1, 0], size);
    const before = stopGradient(tf.slice(logProbabilities, [0, 0, 0], size));
    const change = tf.minimum(tf.squaredDifference(after, before), MAX_CHANGE ** 2);
    const total = tf.sum(tf.mul(change, tf.expandDims(pairs, 2)));
    return tf.div(total, tf.maximum(tf.mul(tf.sum(pairs), numLabels), 1));
  });
}

/** The same values, without a gradient. */
function stopGradient<T extends tf.Tensor>(tensor: T): T {
  return tf.customGrad((x) => ({
    value: tf.clone(x as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }))(tensor) as T;
}

/** Weights of labels in the loss: `none` (all frames 1), `balanced` (all labels equal), or a weight per label name. */
export type LabelWeights = 'none' | 'balanced' | Readonly<Record<string, number>>;

/**
 * Computes the weight of a frame of each label.
 *
 * @param targets - Label indices of all sequences, `UNLABELED` for unlabeled frames.
 * @returns Weights `[numLabels]`. A label that `weights` does not name has weight 1.
 */
export function frameWeights(
  weights: LabelWeights,
  labels: readonly string[],
  targets: readonly Int32Array[],
): Float32Array {
  if (weights === 'balanced') return balancedWeights(targets, labels.length);
  return Float32Array.from(labels, (label) => (weights === 'none' ? 1 : (weights[label] ?? 1)));
}

/**
 * Computes weights that give all occurring labels the same total weight. Their mean over labeled frames is 1.
 *
 * @param targets - Label indices of all sequences, `UNLABELED` for unlabeled frames.
 * @returns Weights `[numLabels]`, 0 for a label that does not occur.
 */
export function balancedWeights(targets: readonly Int32Array[], numLabels: number): Float32Array {
  const counts = new Float64Array(numLabels);
  for (const sequence of targets) for (const target of sequence) if (target !== UNLABELED) counts[target]!++;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const numPresent = counts.filter((count) => count > 0).length;
  return Float32Array.from(counts, (count) => (count > 0 ? total / (numPresent * count) : 0));
}
