import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { UsageError, VideoLimitError } from '../../src/errors.js';
import { decodeFrames } from '../../src/video/decode-frames.js';
import type { DecodeOptions } from '../../src/video/decode-options.js';
import { expectWithinLimits } from '../../src/video/video-limits.js';
import {
  bundledTools,
  countRunning,
  decodeAll,
  everyTools,
  folder,
  makeFolder,
  makeVideo,
  useTools,
} from './video-fixtures.js';

const run = promisify(execFile);
const seconds = await makeVideo('seconds.mp4', 'testsrc2=d=4:r=5:s=64x48', '-c:v', 'libx264');

/** Decodes until an error comes, and gives it with the number of frames before. */
async function decodeUntilError(
  source: string,
  options: Partial<DecodeOptions> = {},
): Promise<{ numFrames: number; error: unknown }> {
  let numFrames = 0;
  try {
    const wanted = { width: 32, height: 24, frameRate: 10, ...options };
    for await (const { index } of decodeFrames(source, wanted)) numFrames = index + 1;
  } catch (error) {
    return { numFrames, error };
  }
  return { numFrames, error: undefined };
}

describe.each(everyTools)('limits with ffmpeg $version', (tools) => {
  useTools(tools);

  it('refuse a picture that is too large, name the option, and accept what it allows', async () => {
    const { numFrames, error } = await decodeUntilError(seconds, { limits: { maxPixels: 64 * 48 - 1 } });
    expect(numFrames).toBe(0);
    expect(error).toBeInstanceOf(VideoLimitError);
    expect(error).toMatchObject({ path: seconds, limit: 'maxPixels', maximum: 3071 });
    expect((error as Error).message).toBe(
      `"${seconds}" has 3,072 pixels per frame; at most 3,071 are decoded. ` +
        'If that is intended, raise the limit maxPixels (--max-pixels on the command line).',
    );
    expect(await decodeAll(seconds, { limits: { maxPixels: 64 * 48 } })).toHaveLength(20);
  });

  it('stop if pictures become larger', async () => {
    const small = await makeVideo('small.ts', 'testsrc2=d=2:r=25:s=64x48', '-c:v', 'mpeg2video');
    const large = await makeVideo('large.ts', 'testsrc2=d=1:r=25:s=640x480', '-c:v', 'mpeg2video');
    const growing = path.join(folder, 'growing.ts');
    await writeFile(growing, Buffer.concat([await readFile(small), await readFile(large)]));
    const { error } = await decodeUntilError(growing, { limits: { maxPixels: 64 * 48 } });
    expect(error).toMatchObject({ code: 'ERR_VIDEO_LIMIT', limit: 'maxPixels' });
  });

  it('yield as many frames as are allowed, then an error', async () => {
    const all = await decodeUntilError(seconds, { limits: { maxFrames: 40 } });
    expect(all).toEqual({ numFrames: 40, error: undefined });
    const { numFrames, error } = await decodeUntilError(seconds, { limits: { maxFrames: 39 } });
    expect(numFrames).toBe(39);
    expect(error).toMatchObject({ code: 'ERR_VIDEO_LIMIT', limit: 'maxFrames', path: seconds });
    expect((error as Error).message).toContain('has more than 39 frames. If that is intended, raise');
    expect(countRunning()).toBe(0);
  });

  it('count the frames of the source, even if few are requested', async () => {
    const { error } = await decodeUntilError(seconds, { frameRate: 1, limits: { maxFrames: 19 } });
    expect(error).toMatchObject({ code: 'ERR_VIDEO_LIMIT', limit: 'maxFrames' });
    expect(await decodeAll(seconds, { frameRate: 1, limits: { maxFrames: 20 } })).toHaveLength(4);
  });

  it('refuse a video that claims to be too long, unless the requested range is short enough', async () => {
    const limits = { maxDurationSec: 3 };
    const { numFrames, error } = await decodeUntilError(seconds, { limits });
    expect(numFrames).toBe(0);
    expect((error as Error).message).toContain('has 4 seconds; at most 3 are decoded');
    expect((error as Error).message).toContain('--max-duration');
    expect(await decodeAll(seconds, { limits, startSec: 1 })).toHaveLength(15);
    expect(await decodeAll(seconds, { limits, durationSec: 2 })).toHaveLength(10);
  });

  it('detect a clock that jumps by weeks before the gap is filled with frames', async () => {
    const jumping = path.join(folder, 'jumping.mkv');
    const { stdout } = await run(
      bundledTools.ffmpegPath,
      [
        ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=d=1:r=5:s=64x48', '-vsync', 'passthrough'],
        ...['-vf', 'setpts=PTS+gte(N\\,3)*2000000/TB'],
        // Through a pipe, so that Matroska cannot say afterwards how long it is.
        ...['-f', 'matroska', 'pipe:1'],
      ],
      { encoding: 'buffer' },
    );
    await writeFile(jumping, stdout);
    const { numFrames, error } = await decodeUntilError(jumping);
    expect(error).toMatchObject({ code: 'ERR_VIDEO_LIMIT', limit: 'maxDurationSec', maximum: 48 * 3600 });
    expect(numFrames).toBeLessThan(1000);
  });

  it('let a picture of 8192 × 8192 pass by default, and no larger one', async () => {
    const still = (size: string) =>
      makeVideo(`still-${size}.avi`, `color=gray:s=${size}:d=0.1:r=10`, '-c:v', 'mjpeg');
    expect(await decodeAll(await still('8192x8192'))).toHaveLength(1);
    const { error } = await decodeUntilError(await still('8200x8192'));
    expect(error).toMatchObject({ limit: 'maxPixels', maximum: 67_108_864 });
  });
});

describe('limits of a folder of pictures', async () => {
  const picture = sharp({ create: { width: 8, height: 6, channels: 3, background: 'gray' } }).png();
  const pictures = await makeFolder(
    'pictures',
    Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`${i}.png`, picture])),
  );

  it.each([
    ['maxPixels', 47, 48, 0],
    ['maxFrames', 9, 10, 9],
    ['maxDurationSec', 8.5, 9, 9],
  ] as const)('hold: %s', async (limit, tooFew, enough, numBefore) => {
    const options = { frameRate: 'source', folderFrameRate: 1 } as const;
    const { numFrames, error } = await decodeUntilError(pictures, {
      ...options,
      limits: { [limit]: tooFew },
    });
    expect(error).toMatchObject({ code: 'ERR_VIDEO_LIMIT', limit, maximum: tooFew });
    expect(numFrames).toBe(numBefore);
    expect(await decodeAll(pictures, { ...options, limits: { [limit]: enough } })).toHaveLength(10);
  });
});

it('a recording of 24 hours passes by default, one of three days does not', () => {
  const info = { source: 'a', width: 3840, height: 2160, rotationDegrees: 0, frameRate: 60, startSec: 0 };
  const ofHours = (hours: number) => () =>
    expectWithinLimits({ ...info, codec: 'h264', durationSec: hours * 3600 }, {});
  expect(ofHours(24)).not.toThrow();
  expect(ofHours(72)).toThrow(VideoLimitError);
});

it.each([{ maxPixels: 0 }, { maxFrames: -1 }, { maxDurationSec: NaN }])('%o is no limit', (limits) => {
  expect(() => decodeFrames(seconds, { width: 8, height: 8, frameRate: 1, limits })).toThrow(UsageError);
});
