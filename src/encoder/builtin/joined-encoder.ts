import * as tf from '@tensorflow/tfjs-core';
import type { PictureFit } from '../../video/decode-options.js';
import type { EncoderModel } from '../networks/encoder-model.js';

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
  /** As they see pictures here; one that sees other pictures alone has another id here. */
  readonly parts: readonly EncoderModel[];

  /** @param parts - Two or more; disposed with this. */
  constructor(parts: readonly EncoderModel[]) {
    this.id = parts.map(({ id }) => id).join('+');
    this.inputWidth = Math.max(...parts.map(({ inputWidth }) => inputWidth));
    this.inputHeight = Math.max(...parts.map(({ inputHeight }) => inputHeight));
    this.pictureFit = parts.some(({ pictureFit }) => pictureFit === 'contain') ? 'contain' : 'fill';
    this.pixelRange = parts[0]!.pixelRange;
    this.featureSize = parts.reduce((sum, { featureSize }) => sum + featureSize, 0);
    this.parts = parts.map((part) => (seesAlike(part, this) ? part : showTo(part, this)));
  }

  async run(pictures: tf.Tensor4D): Promise<tf.Tensor2D> {
    const features: tf.Tensor2D[] = [];
    try {
      for (const part of this.parts) features.push(await part.run(pictures));
      return tf.concat(features, 1);
    } finally {
      tf.dispose(features);
    }
  }

  dispose(): void {
    for (const part of this.parts) part.dispose();
  }
}

/** What a picture looks like to an encoder. */
type Seen = Pick<EncoderModel, 'inputWidth' | 'inputHeight' | 'pictureFit' | 'pixelRange'>;

function seesAlike(one: Seen, other: Seen): boolean {
  return spell(one) === spell(other);
}

function spell({ inputWidth, inputHeight, pictureFit, pixelRange }: Seen): string {
  return `${inputWidth}x${inputHeight}-${pictureFit}-${pixelRange.join(':')}`;
}

/** An encoder that takes other pictures than its own. */
function showTo(part: EncoderModel, seen: Seen): EncoderModel {
  const { inputWidth, inputHeight, pictureFit, pixelRange } = seen;
  return {
    ...{ inputWidth, inputHeight, pictureFit, pixelRange, featureSize: part.featureSize },
    id: `${part.id}@${spell(seen)}`,
    run: async (pictures) => {
      const shown = tf.tidy(() => rescale(resize(pictures, part), seen, part));
      try {
        return await part.run(shown);
      } finally {
        if (shown !== pictures) shown.dispose();
      }
    },
    dispose: () => part.dispose(),
  };
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
