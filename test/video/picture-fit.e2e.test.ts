import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { decodeAll, everyTools, ffmpeg, folder, makeVideo, useTools } from './video-fixtures.js';

/** The smallest box around what is not black, in pixels. */
function boxOf(data: Uint8Array, width: number) {
  const lit = [...data.keys()].filter((index) => data[index]! > 60).map((index) => Math.floor(index / 3));
  const [xs, ys] = [lit.map((pixel) => pixel % width), lit.map((pixel) => Math.floor(pixel / width))];
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

const lossless = ['-c:v', 'libx264', '-qp', '0', '-pix_fmt', 'yuv444p'];

describe.each(everyTools)('contained with $ffmpegPath, a picture', (tools) => {
  useTools(tools);
  const name = `contain-${everyTools.indexOf(tools)}`;

  async function contain(size: string, sar: string, width: number, height: number) {
    const lavfi = `color=c=white:s=${size}:r=5:d=0.4,setsar=${sar}`;
    const file = await makeVideo(`${name}-${size}-${sar.replace('/', '-')}.mp4`, lavfi, ...lossless);
    const [frame] = await decodeAll(file, { width, height, fit: 'contain' });
    return frame!.data;
  }

  it.each([
    ['that is wide has bars above and below', '64x32', '1', { left: 0, right: 31, top: 8, bottom: 23 }],
    ['that is high has bars beside it', '32x64', '1', { left: 8, right: 23, top: 0, bottom: 31 }],
    ['of the right shape has none', '48x48', '1', { left: 0, right: 31, top: 0, bottom: 31 }],
    [
      'of pixels twice as wide as high is as wide',
      '32x32',
      '2/1',
      { left: 0, right: 31, top: 8, bottom: 23 },
    ],
    ['of an odd size begins at any pixel', '60x42', '1', { left: 0, right: 31, top: 5, bottom: 26 }],
    ['that is all but a line keeps a pixel', '256x2', '1', { left: 0, right: 31, top: 15, bottom: 15 }],
  ])('%s', async (_, size, sar, box) => {
    const data = await contain(size, sar, 32, 32);
    expect(boxOf(data, 32)).toEqual(box);
    const isInside = (pixel: number) =>
      pixel % 32 >= box.left &&
      pixel % 32 <= box.right &&
      pixel >= 32 * box.top &&
      pixel < 32 * (box.bottom + 1);
    data.forEach((value, index) => expect(value).toBe(isInside(Math.floor(index / 3)) ? 255 : 0));
  });

  it('is the same from a folder of pictures', async () => {
    const pictures = path.join(folder, name);
    await mkdir(pictures);
    const video = await makeVideo(`${name}.mp4`, 'testsrc=s=90x42:r=5:d=0.2', ...lossless);
    await ffmpeg('-i', video, '-frames:v', '1', path.join(pictures, '1.png'));
    const options = { width: 32, height: 32, fit: 'contain' } as const;
    const [fromVideo] = await decodeAll(video, options);
    const [fromPicture] = await decodeAll(pictures, options);
    expect(boxOf(fromPicture!.data, 32)).toEqual(boxOf(fromVideo!.data, 32));
    const apart = fromVideo!.data.reduce((sum, value, i) => sum + Math.abs(value - fromPicture!.data[i]!), 0);
    expect(apart / fromVideo!.data.length).toBeLessThan(1); // The colors of a video are rounded twice.
  });
});

it('fills the frame by default', async () => {
  const pictures = path.join(folder, 'fill');
  await mkdir(pictures);
  const white = { width: 8, height: 4, channels: 3, background: 'white' } as const;
  await sharp({ create: white }).png().toFile(path.join(pictures, '1.png'));
  const [frame] = await decodeAll(pictures);
  expect(frame!.data.every((value) => value === 255)).toBe(true);
});

it('is refused if it is not a known fit', async () => {
  const fit = 'cover' as 'fill';
  await expect(decodeAll('any', { fit })).rejects.toThrow(UsageError);
});
