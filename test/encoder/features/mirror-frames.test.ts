import { describe, expect, it } from 'vitest';
import { mirrorFrames } from '../../../src/encoder/features/encode-video.js';
import type { VideoFrame } from '../../../src/video/video-frame.js';

async function* framesOf(...pictures: Uint8Array[]): AsyncGenerator<VideoFrame> {
  for (const [index, data] of pictures.entries())
    yield await Promise.resolve({ index, timeSec: index, data });
}

async function collect(frames: AsyncIterable<VideoFrame>): Promise<VideoFrame[]> {
  const all: VideoFrame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

describe('mirrorFrames', () => {
  it('exchanges left and right of each row, and keeps colors, times and its input', async () => {
    const picture = Uint8Array.from({ length: 18 }, (_, i) => i); // two rows of three pixels
    const mirrored = await collect(mirrorFrames(framesOf(picture, picture), 3));
    expect(mirrored.map(({ index, timeSec }) => [index, timeSec])).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect([...mirrored[1]!.data]).toEqual([6, 7, 8, 3, 4, 5, 0, 1, 2, 15, 16, 17, 12, 13, 14, 9, 10, 11]);
    expect(picture[0]).toBe(0);
    const twice = await collect(mirrorFrames(mirrorFrames(framesOf(picture), 3), 3));
    expect(twice[0]!.data).toEqual(picture);
  });
});
