import * as tf from '@tensorflow/tfjs-core';
import type { PictureFit } from '../../video/decode-options.js';
import type { EncoderModel } from '../networks/encoder-model.js';

/**
 * Several encoders of the same picture; their features are concatenated. The picture has the largest input width and the
 * largest input height of the parts, and the fit `contain` if one of them has it. Each part gets the picture resized and
 * scaled to its own input. A part whose input needs no change computes the same features as alone.
 */
export class JoinedEncoder implements EncoderModel {
  readonly id: string;
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly pictureFit: PictureFit;
  readonly pixelRange: readonly [number, number];
  readonly featureSize: number;
  /** A part whose input is resized or scaled has a different id here than alone. */
  readonly parts: readonly EncoderModel[];

  /** @param parts - Two or more. This encoder owns them. */
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

/** How an encoder sees a picture. */
type Seen = Pick<EncoderModel, 'inputWidth' | 'inputHeight' | 'pictureFit' | 'pixelRange'>;

function seesAlike(one: Seen, other: Seen): boolean {
  return formatInput(one) === formatInput(other);
}

function formatInput({ inputWidth, inputHeight, pictureFit, pixelRange }: Seen): string {
  return `${inputWidth}x${inputHeight}-${pictureFit}-${pixelRange.join(':')}`;
}

/** Wraps an encoder so that it takes pictures of another size, fit and range. */
function showTo(part: EncoderModel, seen: Seen): EncoderModel {
  const { inputWidth, inputHeight, pictureFit, pixelRange } = seen;
  return {
    ...{ inputWidth, inputHeight, pictureFit, pixelRange, featureSize: part.featureSize },
    id: `${part.id}@${formatInput(seen)}`,
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

/** Converts pixels from one range to another. Returns the same tensor if the ranges are equal. */
function rescale(pictures: tf.Tensor4D, { pixelRange: from }: Range, { pixelRange: to }: Range): tf.Tensor4D {
  if (from[0] === to[0] && from[1] === to[1]) return pictures;
  const share = (to[1] - to[0]) / (from[1] - from[0]);
  return tf.add(tf.mul(pictures, share), to[0] - from[0] * share);
}
