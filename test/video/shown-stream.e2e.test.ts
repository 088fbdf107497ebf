import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { VideoOpenError } from '../../src/errors.js';
import { probeVideo } from '../../src/video/probe-video.js';
import { decodeAll, everyTools, ffmpeg, folder, makeVideo, useTools } from './video-fixtures.js';

const at = (name: string) => path.join(folder, name);
const h264 = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p'];
const small = await makeVideo('small.mp4', 'color=red:s=64x48:d=2:r=10', ...h264);
const large = await makeVideo('large.mp4', 'color=blue:s=128x96:d=2:r=10', ...h264);
const cover = await makeVideo('cover.jpg', 'color=lime:s=320x320', '-frames:v', '1');
const song = await makeVideo('song.wav', 'sine=d=2');

/** Joins inputs as streams of one file. */
async function join(name: string, inputs: string[], ...options: string[]): Promise<string> {
  const reading = inputs.flatMap((file) => ['-i', file]);
  const maps = inputs.flatMap((_, i) => ['-map', String(i)]);
  await ffmpeg(...reading, ...maps, '-c', 'copy', ...options, at(name));
  return at(name);
}

const mark = (...dispositions: string[]) =>
  dispositions.flatMap((disposition, i) => [`-disposition:v:${i}`, disposition]);
const videos: [what: string, file: string, shown: 'red' | 'blue'][] = [
  ['with cover art first', await join('art.mp4', [cover, small], ...mark('attached_pic', '0')), 'red'],
  ['with a one-frame track first', await join('one.mov', [cover, small], ...mark('0', '0')), 'red'],
  [
    'with a default one-frame track',
    await join('one.mkv', [cover, song, small], ...mark('default', '0')),
    'red',
  ],
  [
    'whose second track is the default',
    await join('two.mkv', [large, small], ...mark('0', 'default')),
    'red',
  ],
  [
    'whose first track is the default',
    await join('first.mkv', [small, large], ...mark('default', '0')),
    'red',
  ],
  ['of two equal tracks', await join('equal.mkv', [small, large], ...mark('default', 'default')), 'blue'],
  ['of two tracks in MPEG-TS', await join('two.ts', [small, large]), 'blue'],
];

const colorOf = async (file: string, stream?: number): Promise<string> => {
  const [frame, ...others] = await decodeAll(file, { width: 2, height: 2, stream });
  expect(others.length).toBeGreaterThan(10);
  const [red = 0, green = 0, blue = 0] = frame!.data;
  return red > 200 ? 'red' : blue > 200 ? 'blue' : `green ${green}`;
};

describe.each(everyTools)('the stream of a video, with ffmpeg $version', (tools) => {
  useTools(tools);

  it.each(videos)('%s is the one that players show', async (_, file, shown) => {
    expect(await colorOf(file)).toBe(shown);
    expect(await probeVideo(file)).toMatchObject({ width: shown === 'red' ? 64 : 128, codec: 'h264' });
  });

  it('is the one with the given index, in probing and decoding', async () => {
    expect(await probeVideo(at('two.mkv'), { stream: 0 })).toMatchObject({ width: 128 });
    expect(await colorOf(at('two.mkv'), 0)).toBe('blue');
    expect(await colorOf(at('two.mkv'), 1)).toBe('red');
  });

  it('is refused with the indices that exist if the given one is no video', async () => {
    const error: unknown = await probeVideo(at('one.mkv'), { stream: 1 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(VideoOpenError);
    expect((error as Error).message).toMatch(
      /stream 1 is no video stream of it\. Its video streams: 0, 2\.$/,
    );
  });
});

describe('the length, count and size of a video', () => {
  useTools(everyTools.at(-1)!);
  const maker = everyTools.at(-1)!.ffmpegPath;
  const make = (name: string, ...options: string[]): string => {
    execFileSync(maker, ['-v', 'error', '-nostdin', '-y', ...options, at(name)]);
    return at(name);
  };
  const lavfi = (duration: number) => ['-f', 'lavfi', '-i', `testsrc2=d=${duration}:r=25:s=64x48`];

  it.each<[what: string, durationSec: number, make: () => string]>([
    [
      'an edit list that cuts the start',
      4.14,
      () =>
        make(
          'late.mp4',
          '-ss',
          '1.3',
          '-i',
          make('long.mp4', ...lavfi(10), ...h264),
          '-t',
          '4',
          '-c',
          'copy',
        ),
    ],
    [
      'an edit list that starts late',
      2,
      () => make('delayed.mp4', '-itsoffset', '2', '-i', small, '-c', 'copy'),
    ],
    [
      'a sound that is longer',
      2,
      () => make('sound.mp4', '-i', small, '-f', 'lavfi', '-i', 'sine=d=6', '-c:v', 'copy'),
    ],
    [
      'a Matroska stream that starts late',
      2,
      () => make('late.mkv', '-f', 'lavfi', '-i', 'sine=d=6', '-itsoffset', '3', '-i', small, '-c:v', 'copy'),
    ],
    [
      'WebM without a length',
      2,
      () => make('live.webm', ...lavfi(2), ...h264, '-f', 'matroska', '-live', '1'),
    ],
    [
      'an MPEG-TS whose clock wraps',
      4,
      () => make('wrapped.ts', ...lavfi(4), ...h264, '-bf', '0', '-output_ts_offset', '95441.7'),
    ],
    [
      'an MPEG-TS with longer sound',
      2,
      () => make('sound.ts', ...lavfi(2), '-f', 'lavfi', '-i', 'sine=d=5', ...h264),
    ],
    [
      'a FLV file without metadata',
      2,
      () => make('plain.flv', ...lavfi(2), ...h264, '-flvflags', 'no_duration_filesize'),
    ],
  ])('of %s is that of the frames that are shown', async (_, durationSec, create) => {
    const file = create();
    const info = await probeVideo(file);
    const frames = await decodeAll(file);
    expect(Math.abs(info.durationSec - durationSec)).toBeLessThan(0.1);
    const lastSec = frames.at(-1)!.timeSec;
    expect(lastSec).toBeLessThanOrEqual(info.durationSec);
    expect(lastSec).toBeGreaterThan(info.durationSec - 0.25);
    if (info.numFrames !== undefined) expect(Math.abs(info.numFrames - frames.length)).toBeLessThanOrEqual(2);
  });

  it('does not trust a header that contradicts the packets', async () => {
    const uneven = ['-vf', "select='lt(n,5)+eq(n,70)'", '-vsync', 'passthrough'];
    const file = make('sparse.mp4', ...lavfi(3), ...uneven, ...h264);
    const info = await probeVideo(file);
    expect(info.durationSec).toBeGreaterThan(2.8);
    expect(info.durationSec).toBeLessThan(2.9);
  });

  it('is that of square pixels, after rotation', async () => {
    const wide = make('wide.mp4', ...lavfi(1), '-vf', 'setsar=4/3', ...h264);
    expect(await probeVideo(wide)).toMatchObject({ width: 85, height: 48 });
    const turned = at('turned-wide.mp4');
    await ffmpeg('-i', wide, '-c', 'copy', '-metadata:s:v', 'rotate=90', turned);
    expect(await probeVideo(turned)).toMatchObject({ width: 48, height: 85, rotationDegrees: 270 });
  });
});
