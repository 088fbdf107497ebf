import * as tf from '@tensorflow/tfjs-core';

/** Pixels over which noise is averaged. */
const BLUR_SIZE = 5;

/** Brightness that pictures get, of 0 to 1. */
const MEAN = 120 / 255;
const DEVIATION = 50 / 255;

/** Keeps a picture of one color from being divided by zero. */
const TINY = 1e-4;

/**
 * Makes a noisy, dark or colorless picture plainer: gray, blurred, and of one brightness and contrast whatever it had.
 * Bars around the picture, which are exactly -1, do not count for these.
 *
 * @param picture - float32 `[1, height, width, 3]`, -1 to 1.
 * @returns Of the same shape and range. The caller disposes it.
 */
export function evenOutContrast(picture: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const gray = tf.mean(tf.avgPool(picture, BLUR_SIZE, 1, 'same'), 3, true); // [1, height, width, 1]
    const isPicture = tf.cast(tf.greater(tf.max(picture, 3, true), -1), 'float32');
    const numPixels = tf.maximum(tf.sum(isPicture), 1);
    const mean = tf.div(tf.sum(tf.mul(gray, isPicture)), numPixels);
    const centerd = tf.sub(gray, mean);
    const variance = tf.div(tf.sum(tf.mul(tf.square(centerd), isPicture)), numPixels);
    const standardised = tf.div(centerd, tf.add(tf.sqrt(variance), TINY));
    const even = tf.add(tf.mul(standardised, 2 * DEVIATION), 2 * MEAN - 1);
    return tf.tile(tf.clipByValue(even, -1, 1), [1, 1, 1, 3]) as tf.Tensor4D;
  });
}
