import type { FrameEncoder } from '../frame-encoder.js';

/** What an encoder's part says of itself. */
export type PartDetails = Pick<FrameEncoder, 'id' | 'featureSize'>;

/**
 * The parts of a joined encoder as encoders that take the whole's pictures and run where it runs.
 *
 * @param parts - None for an encoder that joins none.
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
