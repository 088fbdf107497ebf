import { ShapeError } from '../errors.js';
import type { PictureFit } from '../video/decode-options.js';

/**
 * Turns pictures into feature vectors. Stateless: the features of a frame depend only on that frame.
 *
 * @example
 * const features = await encoder.encode(pixels, numFrames);
 */
export interface FrameEncoder {
  /** Identifies the networks, their weights and their input. Two encoders with the same id compute the same features. */
  readonly id: string;
  readonly inputWidth: number;
  readonly inputHeight: number;
  /** How a picture with another aspect ratio is brought to the input size. */
  readonly pictureFit: PictureFit;
  readonly featureSize: number;
  /** Number of batches that it encodes at the same time. Default 1. */
  readonly concurrency?: number;
  /** The fastest number of frames per batch. Default 8. */
  readonly batchSize?: number;
  /**
   * The encoders joined in this one, in the order of their features. Each takes this one's pictures; they are disposed
   * with it. A part that receives its usual input keeps its usual id.
   */
  readonly parts?: readonly FrameEncoder[];

  /**
   * @param pixels - RGB24, `[numFrames, inputHeight, inputWidth, 3]`. They are neither written to nor detached. Do not
   *   change them until the promise settles. Pixels in a SharedArrayBuffer reach other threads without a copy.
   * @returns Features, float32 `[numFrames, featureSize]`.
   * @throws {ShapeError} If there are not as many bytes as the frames need.
   */
  encode(pixels: Uint8Array, numFrames: number): Promise<Float32Array>;

  /** Frees tensors and threads. The encoder cannot be used afterwards. */
  dispose(): void;
}

/** What a part of a joined encoder tells about itself. */
export type PartDetails = Pick<FrameEncoder, 'id' | 'featureSize'>;

/**
 * Presents the parts of a joined encoder as encoders that take the whole encoder's pictures and run where it runs.
 *
 * @param parts - Undefined for an encoder that is not joined.
 * @param encode - Encodes a batch by the part at a position.
 */
export function encoderParts(
  whole: FrameEncoder,
  parts: readonly PartDetails[] | undefined,
  encode: (position: number, pixels: Uint8Array, numFrames: number) => Promise<Float32Array>,
): FrameEncoder[] | undefined {
  const { inputWidth, inputHeight, pictureFit, concurrency = 1, batchSize } = whole;
  return parts?.map(({ id, featureSize }, position) => ({
    ...{ id, featureSize, inputWidth, inputHeight, pictureFit, concurrency, batchSize },
    encode: (pixels, numFrames) => encode(position, pixels, numFrames),
    dispose: () => undefined,
  }));
}

/** @throws {ShapeError} If a batch's bytes are not `numFrames` pictures of the encoder's size. */
export function checkPixels(
  { inputHeight, inputWidth }: Pick<FrameEncoder, 'inputHeight' | 'inputWidth'>,
  pixels: Uint8Array,
  numFrames: number,
): void {
  const expected = numFrames * inputHeight * inputWidth * 3;
  if (Number.isInteger(numFrames) && numFrames >= 0 && pixels.length === expected) return;
  const shape = `[${numFrames}, ${inputHeight}, ${inputWidth}, 3], which is ${expected} bytes`;
  throw new ShapeError('Pixels to encode', shape, `${pixels.length} bytes`);
}
