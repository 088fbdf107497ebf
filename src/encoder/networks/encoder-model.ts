import { createHash } from 'node:crypto';
import path from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import type { PictureFit } from '../../video/decode-options.js';

/** Turns scaled pictures into features, on this thread's backend. */
export interface EncoderModel {
  /** Result of {@link encoderId} for everything that the features depend on: topology, weights, nodes, size, scaling, fit. */
  readonly id: string;
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly pictureFit: PictureFit;
  readonly pixelRange: readonly [number, number];
  readonly featureSize: number;
  /** The encoders joined in this one. Each takes this one's pictures; they are disposed with it. */
  readonly parts?: readonly EncoderModel[];

  /**
   * @param pictures - float32 `[batch, inputHeight, inputWidth, 3]`, within `pixelRange`. Keep them until the promise
   *   settles.
   * @returns float32 `[batch, featureSize]`. The caller disposes it.
   * @throws {EncoderError} If a network's output has another shape.
   */
  run(pictures: tf.Tensor4D): Promise<tf.Tensor2D>;

  /** Frees the weights. */
  dispose(): void;
}

/** A loaded network of any format. */
export interface Network {
  /** Declared input `[batch, height, width, channels]`, with null or -1 for any size. Undefined if it is not declared. */
  readonly inputShape: readonly (number | null)[] | undefined;
  /** The caller disposes the result, or calls this inside `tf.tidy`. */
  execute(pictures: tf.Tensor4D): tf.Tensor;
  dispose(): void;
}

/**
 * Names an encoder. Two encoders with the same id compute the same features.
 *
 * @param name - Readable part of the id.
 * @param shaping - Everything that the features depend on, such as checksums of weights. A short hash of it makes the id unique.
 */
export function encoderId(name: string, ...shaping: string[]): string {
  const hash = createHash('sha256');
  for (const part of shaping) hash.update(part);
  return `${name}-${hash.digest('hex').slice(0, 12)}`;
}

/** Name of an encoder on disk, which its id contains: that of its file, or of its folder if the file is `model.json`. */
export function encoderName(file: string): string {
  const name = path.basename(file, '.json');
  return name === 'model' ? path.basename(path.dirname(path.resolve(file))) : name;
}
