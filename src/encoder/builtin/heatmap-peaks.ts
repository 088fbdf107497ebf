import * as tf from '@tensorflow/tfjs-core';

/** Power to which heatmaps are raised before their center is taken: high enough that the peak outweighs its surroundings. */
const SHARPNESS = 4;

/** Keeps a heatmap of zeros from being divided by zero. */
const TINY = 1e-12;

/**
 * Where the peak of each heatmap is and how high. The position is the center of mass of the sharpened map, which moves
 * smoothly as the peak moves between places, where an arg-max would jump.
 *
 * @param heatmaps - Not negative, float32 `[batch, height, width, channels]`.
 * @returns float32 `[batch, 3 · channels]`: x of every channel from the left, then y from the top, both 0 to 1, then the
 *   heights. The caller disposes it; call inside `tf.tidy`.
 */
export function findPeaks(heatmaps: tf.Tensor4D): tf.Tensor2D {
  const [, height, width] = heatmaps.shape;
  const mass = tf.pow(heatmaps, SHARPNESS);
  const total = tf.add(tf.sum(mass, [1, 2]), TINY); // [batch, channels]
  const center = (axis: 1 | 2, size: number): tf.Tensor => {
    const places = tf.div(tf.add(tf.range(0, size), 0.5), size);
    const alongAxis = tf.sum(mass, axis === 1 ? 2 : 1); // [batch, size, channels]
    return tf.div(tf.sum(tf.mul(alongAxis, tf.reshape(places, [1, size, 1])), 1), total);
  };
  return tf.concat([center(2, width), center(1, height), tf.max(heatmaps, [1, 2])], 1) as tf.Tensor2D;
}
