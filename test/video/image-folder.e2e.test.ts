import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { VideoDecodeError, VideoOpenError } from '../../src/errors.js';
import { probeVideo } from '../../src/video/probe-video.js';
import { decodeAll, ffmpeg, folder, makeFolder, makeVideo, timesOf } from './video-fixtures.js';

type Color = { r: number; g: number; b: number; alpha?: number };

const picture = (background: Color, width = 8, height = 6) =>
  sharp({ create: { width, height, channels: background.alpha === undefined ? 3 : 4, background } });

const gray = (level: number) => picture({ r: level, g: level, b: level }).png();
const levelsOf = (frames: { data: Uint8Array }[]) => frames.map(({ data }) => data[0]);
const counting = await makeFolder(
  'counting',
  Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`frame${i}.png`, gray(i * 10)])),
);

it('reads only JPEG, PNG and WebP, in natural order, whatever the case of their names', async () => {
  const mixed = await makeFolder('mixed', {
    'frame10.JPG': picture({ r: 100, g: 100, b: 100 }).jpeg({ quality: 100 }),
    'frame2.png': gray(20),
    'frame1.WebP': picture({ r: 10, g: 10, b: 10 }).webp({ lossless: true }),
    'frame9.jpeg': picture({ r: 90, g: 90, b: 90 }).jpeg({ quality: 100 }),
    'frame3.txt': 'a note',
  });
  expect(levelsOf(await decodeAll(mixed))).toEqual([10, 20, 90, 100]);
});

it('puts picture i at i / folderFrameRate', async () => {
  expect(timesOf(await decodeAll(counting, { folderFrameRate: 4 })).slice(0, 4)).toEqual([
    0, 0.25, 0.5, 0.75,
  ]);
  expect(timesOf(await decodeAll(counting)).at(-1)).toBe(19 / 25);
  expect(await probeVideo(counting, { folderFrameRate: 4 })).toEqual({
    ...{
      source: counting,
      width: 8,
      height: 6,
      rotationDegrees: 0,
      frameRate: 4,
      durationSec: 5,
      startSec: 0,
    },
    ...{ codec: 'png', numFrames: 20 },
  });
});

it('samples a folder at another rate as ffmpeg samples a video of the same frames', async () => {
  const video = await makeVideo('counting.mkv', 'nullsrc', '-frames:v', '1', '-c:v', 'png');
  await ffmpeg(
    '-framerate',
    '10',
    '-i',
    path.join(counting, 'frame%d.png'),
    '-c:v',
    'png',
    '-pix_fmt',
    'rgb24',
    video,
  );
  for (const frameRate of [3, 4, 10, 15]) {
    const fromFolder = await decodeAll(counting, { frameRate, folderFrameRate: 10 });
    const fromVideo = await decodeAll(video, { frameRate });
    expect(levelsOf(fromFolder)).toEqual(levelsOf(fromVideo));
  }
});

it('decodes a part, and reports the time of every picture in it', async () => {
  const reported: number[] = [];
  const onSourceFrame = (timeSec: number) => reported.push(timeSec);
  const range = { startSec: 0.5, durationSec: 1, folderFrameRate: 10, onSourceFrame };
  const frames = await decodeAll(counting, { ...range, frameRate: 2 });
  expect(timesOf(frames)).toEqual([0.5, 1]);
  expect(reported).toEqual([0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4]);
  await expect(decodeAll(counting, { startSec: 60 })).rejects.toThrow('gave no frame from 60 s on');
});

it('rotates a picture as EXIF says', async () => {
  const left = await picture({ r: 255, g: 0, b: 0 }, 4, 6).png().toBuffer();
  const wide = picture({ r: 0, g: 0, b: 255 }, 8, 6).composite([{ input: left, left: 0, top: 0 }]);
  // Orientation 6 asks for a turn by 90° clockwise: left becomes top.
  const turned = await makeFolder('turned', {
    'a.jpg': wide.jpeg({ quality: 100 }).withMetadata({ orientation: 6 }),
  });
  expect(await probeVideo(turned)).toMatchObject({ width: 6, height: 8 });
  const [frame] = await decodeAll(turned, { width: 6, height: 8 });
  const [topRight, bottomLeft] = [frame?.data.subarray(5 * 3), frame?.data.subarray(7 * 6 * 3)];
  expect(topRight?.[0]).toBeGreaterThan(200);
  expect(bottomLeft?.[2]).toBeGreaterThan(200);
});

it('shows transparency on black, and gray as RGB', async () => {
  const odd = await makeFolder('odd', {
    '1.png': picture({ r: 200, g: 100, b: 50, alpha: 0.5 }).png(),
    '2.png': picture({ r: 77, g: 77, b: 77 }).toColorspace('b-w').png(),
    '3.png': picture({ r: 10, g: 20, b: 30 }).toColorspace('rgb16').png(),
  });
  const pixels = (await decodeAll(odd)).map(({ data }) => [...data.subarray(0, 3)]);
  expect(pixels[0]?.map((value, i) => Math.abs(value - [100, 50, 25][i]!))).toSatisfy(
    (d: number[]) => Math.max(...d) <= 1,
  );
  expect(pixels[1]).toEqual([77, 77, 77]);
  expect(pixels[2]).toEqual([10, 20, 30]);
});

it('shrinks a picture as ffmpeg shrinks a frame of a video', async () => {
  const source = await makeVideo('detail.png', 'testsrc2=s=320x240', '-frames:v', '1', '-pix_fmt', 'rgb24');
  const video = path.join(folder, 'detail.mkv');
  await ffmpeg('-i', source, '-c:v', 'png', video);
  const pictures = await makeFolder('detail', { 'a.png': sharp(source).png() });
  for (const size of [
    { width: 96, height: 96 },
    { width: 480, height: 360 },
  ]) {
    const [[fromFolder], [fromVideo]] = [await decodeAll(pictures, size), await decodeAll(video, size)];
    const expected = fromVideo?.data ?? new Uint8Array();
    let sum = 0;
    for (const [i, value] of fromFolder?.data.entries() ?? [])
      sum += Math.abs(value - (expected[i] ?? Infinity));
    expect(sum / expected.length).toBeLessThan(2);
  }
});

it('refuses a folder without images, and names a picture that cannot be read', async () => {
  const empty = await makeFolder('empty', { 'notes.txt': 'nothing here' });
  await expect(decodeAll(empty)).rejects.toThrow(VideoOpenError);
  await expect(probeVideo(empty)).rejects.toThrow('it is a folder without images');
  const damaged = await makeFolder('damaged', { '1.png': gray(5), '2.png': 'no picture' });
  await expect(decodeAll(damaged)).rejects.toThrow(VideoDecodeError);
  await expect(decodeAll(damaged)).rejects.toThrow(
    `Cannot read the picture "${path.join(damaged, '2.png')}"`,
  );
});

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="6"><rect width="8" height="6"/></svg>';

it.skipIf(process.platform === 'win32')('opens no pipe, which nobody may ever write to', async () => {
  const place = await makeFolder('pipe', { '2.png': gray(20) });
  await promisify(execFile)('mkfifo', [path.join(place, '1.png')]);
  for (const open of [() => probeVideo(place), () => decodeAll(place)]) {
    await expect(open()).rejects.toThrow('it is not a file');
  }
});

it('opens no other format, whatever its name says, and no folder', async () => {
  for (const open of [probeVideo, decodeAll]) {
    const disguised = await makeFolder(`disguised ${open.name}`, { '1.png': svg });
    await expect(open(disguised)).rejects.toThrow('its content is not that of a JPEG, PNG or WebP file');
    const nested = await makeFolder(`nested ${open.name}`, { '2.png': gray(20) });
    await mkdir(path.join(nested, '1.png'));
    await expect(open(nested)).rejects.toThrow('it is not a file');
  }
});

it('stops when its signal is aborted', async () => {
  await expect(decodeAll(counting, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
});
