/** Turns pictures into feature vectors. Stateless: a frame's features depend on that frame alone. */
export interface FrameEncoder {
  /** Names the network and its weights; features of two encoders with one id are the same. */
  readonly id: string;
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly featureSize: number;

  /**
   * @param pixels - RGB24, `[numFrames, inputHeight, inputWidth, 3]`.
   * @returns Features, float32 `[numFrames, featureSize]`.
   * @throws {ShapeError} If the number of bytes is not what the frames need.
   */
  encode(pixels: Uint8Array, numFrames: number): Promise<Float32Array>;

  /** Frees tensors and threads. The encoder cannot be used afterwards. */
  dispose(): void;
}
