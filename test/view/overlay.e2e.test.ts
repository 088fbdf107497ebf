import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import { OutputError, VideoLimitError, VideoOpenError } from '../../src/errors.js';
import { writeOverlay } from '../../src/view/overlay.js';
import { colorsOf } from '../../src/view/timeline-drawing.js';
import { probeVideo } from '../../src/video/probe-video.js';
import {
  bundledTools,
  countRunning,
  decodeAll,
  everyTools,
  ffmpeg,
  folder,
  largestDifference,
  makeFolder,
  makeVideo,
  probeTimes,
  useTools,
} from '../video/video-fixtures.js';
import { colorDistance, timelineOf } from './timelines.js';

const run = promisify(execFile);
const GRAY = 'color=gray:s=320x240:r=30:d=3';
const SOUND = ['-f', 'lavfi', '-i', 'sine=d=3'];
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

/** Segments that end on frames at 30 frames per second, two of them at times that decimals cannot express. A gap follows. */
const ENDS: [string, number][] = [
  ['walk', 1 / 3],
  ['sit', 1],
  ['fall', 5 / 3],
];

/** Checksum of the audio packets of a file. */
async function soundOf(file: string): Promise<string> {
  const copy = ['-v', 'error', '-i', `file:${file}`, '-map', '0:a', '-c', 'copy', '-f', 'md5', '-'];
  return (await run(bundledTools.ffmpegPath, copy)).stdout;
}

describe.each(everyTools)('writeOverlay with the ffmpeg of $origin', (tools) => {
  useTools(tools);

  it('copies the audio, keeps the time of every frame, and shows each label from its first frame on', async () => {
    // The video begins half a second after the audio.
    const silent = await makeVideo('silent.mp4', GRAY, ...H264);
    const video = path.join(folder, 'gray.mp4');
    const later = ['-itsoffset', '0.5', '-i', `file:${silent}`];
    await ffmpeg(
      ...later,
      ...SOUND,
      '-map',
      '0:v',
      '-map',
      '1:a',
      '-c:v',
      'copy',
      '-c:a',
      'aac',
      `file:${video}`,
    );
    expect((await probeVideo(video)).startSec).toBeCloseTo(0.5);

    const timeline = timelineOf(video, ENDS, { durationSec: 3 });
    const file = await writeOverlay(timeline, path.join(folder, 'gray'));
    expect(path.basename(file)).toBe('gray.overlay.mp4');
    expect(await soundOf(file)).toBe(await soundOf(video));
    expect((await probeVideo(file)).startSec).toBeCloseTo(0.5, 3);
    expect(largestDifference(await probeTimes(file), await probeTimes(video))).toBeLessThan(1e-4);

    const frames = await decodeAll(file, { width: 320, height: 240 });
    const colors = colorsOf(timeline);
    // Text of 12 pixels: the plate begins at 6 pixels, its text at 12. The bar at the lower edge has 6 pixels.
    const plate = 3 * (320 * (240 - 6 - 24 + 10) + 9);
    const bar = (timeSec: number) => 3 * (320 * 237 + Math.round((318 * timeSec) / 3));
    for (const { index, data } of frames) {
      const label = index < 10 ? 'walk' : index < 30 ? 'sit' : index < 50 ? 'fall' : undefined;
      const color = label ? colors.of(label) : '#808080';
      expect(colorDistance(data.subarray(plate), color), `plate of frame ${index}`).toBeLessThan(24);
      const [sit, fall] = [0.7, 1.4].map((timeSec) => data.subarray(bar(timeSec)));
      const head = (timeSec: number): boolean => Math.abs(index / 30 - timeSec) < 0.08;
      if (!head(0.7)) expect(colorDistance(sit!, colors.of('sit')), `bar of ${index}`).toBeLessThan(24);
      if (!head(1.4)) expect(colorDistance(fall!, colors.of('fall')), `bar of ${index}`).toBeLessThan(24);
      // The mark at the current time, two pixels wide.
      const near = [-2, -1, 0, 1, 2].map((x) => data.subarray(bar(index / 30) + 3 * x).subarray(0, 3));
      expect(Math.max(...near.map((pixel) => Math.min(...pixel))), `mark of ${index}`).toBeGreaterThan(180);
      expect(colorDistance(data, '#808080')).toBeLessThan(8); // the rest of the picture
    }
  });

  it('applies rotation, and makes width and height even', async () => {
    const plain = await makeVideo('odd.mp4', 'testsrc=s=161x120:r=10:d=1', '-c:v', 'mpeg4');
    const turned = path.join(folder, 'turned.mov');
    await ffmpeg('-i', `file:${plain}`, '-c', 'copy', '-metadata:s:v:0', 'rotate=270', `file:${turned}`);
    expect(await probeVideo(turned)).toMatchObject({ width: 120, height: 161, rotationDegrees: 90 });
    const file = await writeOverlay(timelineOf(turned, [['walk', 1]]), path.join(folder, 'turned'));
    expect(await probeVideo(file)).toMatchObject({ width: 120, height: 162, rotationDegrees: 0 });
    // The pictures above the band agree, because decoding rotates both.
    const size = { width: 12, height: 16 };
    const [before, after] = [(await decodeAll(turned, size))[5]!, (await decodeAll(file, size))[5]!];
    const upper = 3 * 12 * 12;
    const differences = before.data.subarray(0, upper).map((value, i) => Math.abs(value - after.data[i]!));
    expect(differences.reduce((sum, value) => sum + value, 0) / upper).toBeLessThan(8);
  });

  it('writes Matroska if MP4 cannot hold the audio', async () => {
    const video = path.join(folder, 'pcm.avi');
    await ffmpeg('-f', 'lavfi', '-i', GRAY, ...SOUND, '-c:v', 'mpeg4', '-c:a', 'pcm_s16le', `file:${video}`);
    const file = await writeOverlay(timelineOf(video, ENDS), path.join(folder, 'pcm'));
    expect(path.basename(file)).toBe('pcm.overlay.mkv');
    expect(await soundOf(file)).toBe(await soundOf(video));
  });

  it('converts a folder of pictures to a video, in the order and size in which the pictures were labeled', async () => {
    // Natural order, all formats, another size, and one picture rotated by EXIF; 5 frames per second.
    const plain = (level: number, width = 161, height = 120) =>
      sharp({ create: { width, height, channels: 3, background: { r: level, g: level, b: 255 - level } } });
    const place = await makeFolder(`pictures ${tools.origin} '%03d`, {
      'p10.JPG': plain(200).jpeg({ quality: 95 }),
      'p2.png': plain(90).png(),
      'p9.webp': plain(140, 322, 240).webp({ lossless: true }),
      'p1.jpg': plain(40, 120, 161).jpeg({ quality: 95 }).withMetadata({ orientation: 6 }),
    });
    const ends: [string, number][] = [
      ['walk', 0.4],
      ['sit', 0.8],
    ];
    const timeline = timelineOf(place, ends, { width: 161, height: 120, frameRate: 5 });
    const file = await writeOverlay(timeline, path.join(folder, `pictures-${tools.origin}`));
    expect(path.basename(file)).toBe(`pictures-${tools.origin}.overlay.mp4`);
    expect(await probeVideo(file)).toMatchObject({ width: 162, height: 120, numFrames: 4 });
    const frames = await decodeAll(file, { width: 162, height: 120 });
    // ffmpeg of 2018 gives the last frame of a video without audio no duration, and players leave it out.
    const levels = [40, 90, 140, 200].slice(0, tools.supportsFpsMode ? 4 : 3);
    const timesSec = [...levels.keys()].map((i) => i / 5);
    expect(largestDifference(await probeTimes(file), timesSec)).toBeLessThan(1e-4);
    const colors = colorsOf(timeline);
    const plate = 3 * (162 * (120 - 6 - 24 + 10) + 9);
    for (const [i, level] of levels.entries()) {
      const { data } = frames[i]!;
      const hex = [level, level, 255 - level].map((value) => value.toString(16).padStart(2, '0')).join('');
      expect(colorDistance(data.subarray(3 * (162 * 40 + 80)), `#${hex}`), `picture ${i}`).toBeLessThan(10);
      expect(colorDistance(data.subarray(plate), colors.of(i < 2 ? 'walk' : 'sit'))).toBeLessThan(24);
    }
    expect(countRunning()).toBe(0);
  });

  it('names the picture that cannot be read, and leaves neither a file nor a process', async () => {
    const gray = sharp({ create: { width: 32, height: 24, channels: 3, background: 'gray' } }).png();
    const damaged = await makeFolder(`damaged ${tools.origin}`, { '1.png': gray, '2.png': 'no picture' });
    const base = path.join(folder, `damaged-${tools.origin}`);
    const writing = writeOverlay(timelineOf(damaged, [['walk', 0.08]], { frameRate: 25 }), base);
    await expect(writing).rejects.toThrow(`Cannot read the picture "${path.join(damaged, '2.png')}"`);
    expect((await readdir(folder)).filter((name) => name.includes(path.basename(base)))).toEqual([]);
    expect(countRunning()).toBe(0);
  });

  it('stops when aborted, and leaves neither a file nor a process', async () => {
    const long = await makeVideo('long.mp4', 'color=gray:s=320x240:r=30:d=100', ...H264);
    const stop = new AbortController();
    const options = { signal: stop.signal };
    const stopped = writeOverlay(timelineOf(long, ENDS), path.join(folder, 'stopped'), options).catch(String);
    const written = async () => (await readdir(folder)).filter((name) => /^stopped|\.part$/.test(name));
    await vi.waitFor(async () => expect(await written()).toHaveLength(1), { timeout: 20_000, interval: 10 });
    stop.abort(new Error('enough'));
    expect(await stopped).toBe('Error: enough');
    expect(await written()).toEqual([]);
    expect(countRunning()).toBe(0);
  });
});

describe('writeOverlay', () => {
  it('rejects with the reason if it cannot write an overlay', async () => {
    const base = path.join(folder, 'none');
    const absent = timelineOf('/nowhere/absent.mp4', ENDS);
    await expect(writeOverlay(absent, base)).rejects.toThrow(VideoOpenError);
    await expect(writeOverlay(timelineOf(folder, ENDS), base)).rejects.toThrow(/folder without images/);
    const video = await makeVideo('small.mp4', GRAY, ...H264);
    const limits = { maxPixels: 100 };
    await expect(writeOverlay(timelineOf(video, ENDS), base, { limits })).rejects.toThrow(VideoLimitError);
    const inside = path.join(video, 'inside'); // the parent is a file, not a folder
    await expect(writeOverlay(timelineOf(video, ENDS), inside)).rejects.toThrow(OutputError);
  });
});
