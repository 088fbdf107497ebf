import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor3D } from '@tensorflow/tfjs-core';
import '../recurrent/register-gradients.js';
import { UNLABELLED } from './sequences.js';

/**
 * Mean cross-entropy over frames, each weighted.
 *
 * @param logits - float32 `[batch, time, labels]`.
 * @param targets - Each frame's label, one-hot and times its weight, float32 `[batch, time, labels]`; a row of zeros
 *   leaves the frame out.
 * @returns Scalar in nats. Differentiable in the logits.
 */
export function sequenceLoss(logits: Tensor3D, targets: Tensor3D): Scalar {
  return tf.tidy(() => {
    const logProbabilities = tf.logSoftmax(logits);
    const total = tf.neg(tf.sum(tf.mul(logProbabilities, targets)));
    return tf.div(total, tf.maximum(tf.sum(targets), 1e-6));
  });
}

/**
 * Weights that let each label that occurs count alike, however many frames show it; their mean over frames is 1.
 *
 * @param targets - Label indices, `UNLABELLED` where there is none.
 * @returns `[numLabels]`; 0 for a label that never occurs.
 */
export function balancedWeights(targets: readonly Int32Array[], numLabels: number): Float32Array {
  const counts = new Float64Array(numLabels);
  for (const sequence of targets) for (const target of sequence) if (target !== UNLABELLED) counts[target]!++;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const numPresent = counts.filter((count) => count > 0).length;
  return Float32Array.from(counts, (count) => (count > 0 ? total / (numPresent * count) : 0));
}
