import type { PictureFit } from '../video/decode-options.js';

/** Turns pictures into feature vectors. Stateless: a frame's features depend on that frame alone. */
export interface FrameEncoder {
  /** Names the networks, their weights and how they are fed; features of two encoders with one id are the same. */
  readonly id: string;
  readonly inputWidth: number;
  readonly inputHeight: number;
  /** How a picture of another shape gets that size. */
  readonly pictureFit: PictureFit;
  readonly featureSize: number;
  /** Number of batches that it works on at the same time; 1 where it does not say. */
  readonly concurrency?: number;
  /** Frames a batch with which it is quickest; 8 where it does not say. */
  readonly batchSize?: number | undefined;
  /**
   * Encoders joined in this one, in the order of their features, each taking this one's pictures; disposed with it. One
   * that sees what it sees alone has the id that it has alone.
   */
  readonly parts?: readonly FrameEncoder[] | undefined;

  /**
   * @param pixels - RGB24, `[numFrames, inputHeight, inputWidth, 3]`. Not written to, never detached; leave them
   *   unchanged until the promise settles. Pixels in a SharedArrayBuffer reach other threads without a copy.
   * @returns Features, float32 `[numFrames, featureSize]`.
   * @throws {ShapeError} If the number of bytes is not what the frames need.
   */
  encode(pixels: Uint8Array, numFrames: number): Promise<Float32Array>;

  /** Frees tensors and threads. The encoder cannot be used afterwards. */
  dispose(): void;
}
