import type * as tf from '@tensorflow/tfjs-core';
import type { PictureFit } from '../../video/decode-options.js';

/** Turns scaled pictures into features, on this thread's backend. */
export interface EncoderModel {
  /** Name and short hash of all that shapes the features: topology, weights, nodes, size, scaling and fit. */
  readonly id: string;
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly pictureFit: PictureFit;
  readonly pixelRange: readonly [number, number];
  readonly featureSize: number;
  /** Encoders joined in this one, each taking this one's pictures; disposed with it. */
  readonly parts?: readonly EncoderModel[];

  /**
   * @param pictures - float32 `[batch, inputHeight, inputWidth, 3]`, within `pixelRange`.
   * @returns float32 `[batch, featureSize]`. The caller disposes it. The pictures are needed until it is there.
   * @throws {EncoderError} If a network gives another shape.
   */
  run(pictures: tf.Tensor4D): Promise<tf.Tensor2D>;

  /** Frees the weights. */
  dispose(): void;
}
