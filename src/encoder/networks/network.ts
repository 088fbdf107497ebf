import type * as tf from '@tensorflow/tfjs-core';

/** A loaded network, whatever its format. */
export interface Network {
  /** Declared input `[batch, height, width, channels]`, null or -1 where free; undefined where it does not say. */
  readonly inputShape: readonly (number | null)[] | undefined;
  /** The caller disposes the result, or runs this inside `tf.tidy`. */
  execute(pictures: tf.Tensor4D): tf.Tensor;
  dispose(): void;
}
