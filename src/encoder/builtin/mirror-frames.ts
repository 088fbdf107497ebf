import type { VideoFrame } from '../../video/video-frame.js';

/**
 * Shows a video as a mirror does, left and right exchanged.
 *
 * @param width - Of the frames, pixels.
 * @yields Each frame with pixels of its own; the ones given stay as they are.
 */
export async function* mirrorFrames(
  frames: AsyncIterable<VideoFrame>,
  width: number,
): AsyncGenerator<VideoFrame, void, undefined> {
  for await (const frame of frames) yield { ...frame, data: mirrorPixels(frame.data, width) };
}

/** @param pixels - RGB24, rows of `width` pixels. */
function mirrorPixels(pixels: Uint8Array, width: number): Uint8Array {
  const mirrored = new Uint8Array(pixels.length);
  const rowBytes = 3 * width;
  for (let row = 0; row < pixels.length; row += rowBytes) {
    for (let from = row, to = row + rowBytes - 3; from < row + rowBytes; from += 3, to -= 3) {
      mirrored[to] = pixels[from]!;
      mirrored[to + 1] = pixels[from + 1]!;
      mirrored[to + 2] = pixels[from + 2]!;
    }
  }
  return mirrored;
}
