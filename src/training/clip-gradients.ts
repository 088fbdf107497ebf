import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap } from '@tensorflow/tfjs-core';

/**
 * Scales all gradients by one factor, so that their length over all weights together is at most `maxNorm`. The
 * direction stays. Disposes the gradients given to it.
 *
 * @param maxNorm - Infinity clips nothing.
 * @returns The gradients, which the caller disposes, and their length before clipping.
 * @see Pascanu et al. 2013, arXiv:1211.5063.
 */
export async function clipByGlobalNorm(
  gradients: NamedTensorMap,
  maxNorm: number,
): Promise<{ gradients: NamedTensorMap; norm: number }> {
  const squares = tf.tidy(() =>
    tf.addN(Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)))),
  );
  const norm = Math.sqrt((await squares.data<'float32'>())[0] as number);
  squares.dispose();
  if (norm <= maxNorm) return { gradients, norm };
  const clipped = tf.tidy(() =>
    Object.fromEntries(
      Object.entries(gradients).map(([name, gradient]) => [name, tf.mul(gradient, maxNorm / norm)]),
    ),
  );
  tf.dispose(gradients);
  return { gradients: clipped, norm };
}
