import * as tf from '@tensorflow/tfjs-core';
import type { PictureFit } from '../video/decode-video.js';
import type { EncoderModel } from './encoder-model.js';

/**
 * Several encoders that look at the same picture, their features one behind another. The picture is as wide and high as
 * the widest and highest of them take it, and is contained in its frame if one of them wants it so; each gets it resized
 * and scaled as it wants. One that takes it as it comes gives the numbers that it gives alone.
 */
export class JoinedEncoder implements EncoderModel {
  readonly id: string;
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly pictureFit: PictureFit;
  readonly pixelRange: readonly [number, number];
  readonly featureSize: number;

  /** @param parts - Two or more; disposed with this. */
  constructor(private readonly parts: readonly EncoderModel[]) {
    this.id = parts.map(({ id }) => id).join('+');
    this.inputWidth = Math.max(...parts.map(({ inputWidth }) => inputWidth));
    this.inputHeight = Math.max(...parts.map(({ inputHeight }) => inputHeight));
    this.pictureFit = parts.some(({ pictureFit }) => pictureFit === 'contain') ? 'contain' : 'fill';
    this.pixelRange = parts[0]!.pixelRange;
    this.featureSize = parts.reduce((sum, { featureSize }) => sum + featureSize, 0);
  }

  run(pictures: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => {
      const features = this.parts.map((part) => part.run(rescale(resize(pictures, part), this, part)));
      return tf.concat(features, 1);
    });
  }

  dispose(): void {
    for (const part of this.parts) part.dispose();
  }
}

type Range = Pick<EncoderModel, 'pixelRange'>;

function resize(pictures: tf.Tensor4D, { inputHeight, inputWidth }: EncoderModel): tf.Tensor4D {
  const [, height, width] = pictures.shape;
  if (height === inputHeight && width === inputWidth) return pictures;
  return tf.image.resizeBilinear(pictures, [inputHeight, inputWidth], false, true);
}

/** From one range of pixels to another; the same tensor where they are the same. */
function rescale(pictures: tf.Tensor4D, { pixelRange: from }: Range, { pixelRange: to }: Range): tf.Tensor4D {
  if (from[0] === to[0] && from[1] === to[1]) return pictures;
  const share = (to[1] - to[0]) / (from[1] - from[0]);
  return tf.add(tf.mul(pictures, share), to[0] - from[0] * share);
}
