import { describe, expect, it } from 'vitest';
import { UsageError, VideoDecodeError } from '../../src/errors.js';
import { decodeFrames } from '../../src/video/decode-frames.js';
import { probeVideo } from '../../src/video/probe-video.js';
import {
  decodeAll,
  everyTools,
  ffmpeg,
  largestDifference,
  makeVideo,
  probeTimes,
  timesOf,
  useTools,
} from './video-fixtures.js';

const MILLISECOND = 0.001;

/** Frame n is one flat color, kept without loss: a byte in the wrong frame shows. */
const countingVideo = await makeVideo(
  'counting.mkv',
  "nullsrc=s=33x17:r=10:d=2,format=gbrp,geq=r='N*10':g='255-N*10':b='N'",
  ...['-c:v', 'png', '-pix_fmt', 'rgb24'],
);
const withReordering = ['-c:v', 'libx264', '-bf', '3', '-g', '12', '-pix_fmt', 'yuv420p'];

const videosOfKnownTimes = {
  'with reordered frames': await makeVideo('reordered.mp4', 'testsrc2=d=2:r=25:s=160x120', ...withReordering),
  'of 29.97 frames a second in milliseconds': await makeVideo(
    'milliseconds.webm',
    'testsrc2=d=2:r=30000/1001:s=160x120',
    ...['-c:v', 'libx264', '-f', 'matroska'],
  ),
  'of variable rate': await makeVideo(
    'variable.mp4',
    'testsrc2=d=4:r=30:s=160x120',
    ...[
      '-vf',
      "select='lt(n,10)+not(mod(n,7))+between(n,60,75)'",
      '-vsync',
      'passthrough',
      ...withReordering,
    ],
  ),
  'longer than an hour': await makeVideo(
    'long.mp4',
    'testsrc2=d=2:r=30000/1001:s=160x120',
    ...['-vf', "setpts='if(lt(N,2),PTS,PTS+4000/TB)'", '-vsync', 'passthrough', '-c:v', 'libx264'],
  ),
  'whose sound begins first': await makeVideo(
    'late.mp4',
    'sine=d=3',
    ...[
      '-itsoffset',
      '0.5',
      '-f',
      'lavfi',
      '-i',
      'testsrc2=d=2:r=25:s=160x120',
      ...withReordering,
      '-c:a',
      'aac',
    ],
  ),
  'in MPEG-TS, whose clock begins at 1.4 s': await makeVideo(
    'transport.ts',
    'testsrc2=d=2:r=25:s=160x120',
    ...withReordering,
  ),
  'in AVI': await makeVideo('interleaved.avi', 'testsrc2=d=2:r=25:s=160x120', '-c:v', 'mpeg4', '-g', '12'),
};

const unturnedVideo = await makeVideo(
  'unturned.mp4',
  "nullsrc=s=64x48:r=5:d=1,geq=r='255*lt(X,32)*lt(Y,24)':g='255*gte(X,32)*lt(Y,24)':b='255*lt(X,32)*gte(Y,24)'",
  ...['-c:v', 'libx264', '-pix_fmt', 'yuv444p'],
);
const turnedVideos = new Map<number, string>();
for (const degrees of [0, 90, 180, 270]) {
  const file = unturnedVideo.replace('unturned', `turned-${degrees}`);
  // ffmpeg turns this option into a display matrix only where it copies the stream, and counts
  // counterclockwise.
  await ffmpeg('-i', unturnedVideo, '-c', 'copy', '-metadata:s:v', `rotate=${(360 - degrees) % 360}`, file);
  turnedVideos.set(degrees, file);
}

describe.each(everyTools)('decodeFrames with ffmpeg $version', (tools) => {
  useTools(tools);

  describe.each(Object.entries(videosOfKnownTimes))('of a video %s', (_, file) => {
    it('reports the time of each source frame as ffprobe does, to a millisecond', async () => {
      const frames = await decodeAll(file);
      expect(frames.length).toBeGreaterThan(30);
      expect(largestDifference(timesOf(frames), await probeTimes(file))).toBeLessThan(MILLISECOND);
      expect(frames.map(({ index }) => index)).toEqual([...frames.keys()]);
    });

    it('reports the time of every source frame while frames come at another rate', async () => {
      const reported: number[] = [];
      const frames = decodeFrames(file, {
        ...{ width: 16, height: 16, frameRate: 2 },
        onSourceFrame: (timeSec) => reported.push(timeSec),
      });
      for await (const { timeSec } of frames) expect(reported.at(-1)).toBeGreaterThanOrEqual(timeSec - 0.25);
      expect(largestDifference(reported, await probeTimes(file))).toBeLessThan(MILLISECOND);
    });
  });

  it.each(['reordered.mp4', 'transport.ts', 'interleaved.avi', 'milliseconds.webm'])(
    'decodes a part of %s to the same frames and times as the whole',
    async (name) => {
      const file = Object.values(videosOfKnownTimes).find((each) => each.endsWith(name)) ?? '';
      for (const frameRate of ['source', 10] as const) {
        const whole = await decodeAll(file, { frameRate });
        const part = await decodeAll(file, { frameRate, startSec: 0.73, durationSec: 0.9 });
        const expected = whole.filter(({ timeSec }) => timeSec >= 0.73 && timeSec < 1.63);
        expect(part.length).toBeGreaterThan(5);
        expect(largestDifference(timesOf(part), timesOf(expected))).toBeLessThan(MILLISECOND);
        for (const [i, { data }] of part.entries()) expect(data).toEqual(expected[i]?.data);
      }
    },
  );

  it('keeps every byte in its frame, at odd sizes too', async () => {
    const frames = await decodeAll(countingVideo, { width: 33, height: 17 });
    expect(frames).toHaveLength(20);
    for (const { index, data } of frames) {
      const pixel = [index * 10, 255 - index * 10, index];
      expect([...data]).toEqual(Array.from({ length: 33 * 17 * 3 }, (_, i) => pixel[i % 3]));
    }
  });

  it('shows at k / frameRate the source frame nearest to it', async () => {
    const halved = await decodeAll(countingVideo, { frameRate: 4 });
    expect(timesOf(halved)).toEqual([0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75]);
    // Blue counts source frames, which stand at 0.1 s each: 0.25 s lies between 2 and 3, and so on.
    const shown = halved.map(({ data }) => data[2] ?? 0);
    for (const [k, source] of shown.entries())
      expect(Math.abs(source / 10 - k / 4)).toBeLessThanOrEqual(0.125);
    const doubled = await decodeAll(countingVideo, { frameRate: 20 });
    expect(
      largestDifference(
        timesOf(doubled),
        Array.from({ length: 40 }, (_, k) => k / 20),
      ),
    ).toBeLessThan(1e-6);
  });

  // Top row red, green; bottom row blue, black: turned clockwise by 90°, blue comes to lie beside red.
  it.each([
    { degrees: 0, corners: 'rgbk', width: 64, height: 48 },
    { degrees: 90, corners: 'brkg', width: 48, height: 64 },
    { degrees: 180, corners: 'kbgr', width: 64, height: 48 },
    { degrees: 270, corners: 'gkrb', width: 48, height: 64 },
  ])('turns a video whose rotation is $degrees° clockwise', async ({ degrees, corners, width, height }) => {
    const file = turnedVideos.get(degrees) ?? '';
    const [first] = await decodeAll(file, { width: 20, height: 20 });
    const nameAt = (x: number, y: number) => {
      const [red = 0, green = 0, blue = 0] = first?.data.subarray((y * 20 + x) * 3) ?? [];
      return red > 128 ? 'r' : green > 128 ? 'g' : blue > 128 ? 'b' : 'k';
    };
    expect(nameAt(3, 3) + nameAt(16, 3) + nameAt(3, 16) + nameAt(16, 16)).toBe(corners);
    expect(await probeVideo(file)).toMatchObject({ rotationDegrees: degrees, width, height });
  });

  it('decodes a video of one frame', async () => {
    const file = await makeVideo('one.mp4', 'testsrc2=r=25:s=64x48', '-frames:v', '1', '-c:v', 'libx264');
    expect(timesOf(await decodeAll(file))).toEqual([0]);
    expect(timesOf(await decodeAll(file, { frameRate: 25 }))).toEqual([0]);
  });

  it.each(['gray', 'yuv422p10le', 'yuva420p', 'pal8', 'rgb48le'])(
    'decodes the pixel format %s',
    async (format) => {
      const codec =
        format === 'yuva420p' || format === 'yuv422p10le' ? 'ffv1' : format === 'pal8' ? 'png' : 'rawvideo';
      const filters = `format=${format === 'pal8' ? 'rgb8,format=rgb24,format=pal8' : format}`;
      const lavfi = `color=c=0xff8000:r=5:d=1:s=64x48,${filters}`;
      const file = await makeVideo(`${format}.nut`, lavfi, '-c:v', codec, '-pix_fmt', format);
      const frames = await decodeAll(file);
      expect(frames).toHaveLength(5);
      expect(frames[0]?.data).toHaveLength(32 * 24 * 3);
    },
  );

  it.each([
    ['none.avi', 'gave no frame'],
    ['none.mkv', 'ends before its first frame'],
    ['none.mp4', 'has no video stream'],
  ])('says that %s, without a single frame, %s', async (name, message) => {
    const file = await makeVideo(name, 'testsrc2=d=1:s=64x48', '-c:v', 'libx264', '-frames:v', '0');
    await expect(decodeAll(file)).rejects.toThrow(message);
  });

  it('says so if the requested range has no frame', async () => {
    const decoding = decodeAll(countingVideo, { startSec: 60, durationSec: 5 });
    await expect(decoding).rejects.toThrow('gave no frame between 60 s and 65 s');
    await expect(decoding).rejects.toBeInstanceOf(VideoDecodeError);
  });
});

it.each([
  ['width', { width: 0 }],
  ['height', { height: 2.5 }],
  ['frameRate', { frameRate: -1 }],
  ['startSec', { startSec: Number.NaN }],
  ['durationSec', { durationSec: 0 }],
  ['stallTimeoutMs', { stallTimeoutMs: Infinity }],
])('refuses an impossible %s before anything runs', (name, wrong) => {
  const start = () => decodeFrames(countingVideo, { width: 8, height: 8, frameRate: 'source', ...wrong });
  expect(start).toThrow(UsageError);
  expect(start).toThrow(`Decode option ${name}: expected `);
});
