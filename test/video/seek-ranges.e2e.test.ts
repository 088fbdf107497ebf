import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeAll, everyTools, folder, largestDifference, timesOf, useTools } from './video-fixtures.js';

/** The newest ffmpeg of this machine makes the videos, because the one of npm lacks encoders. */
const maker = everyTools.at(-1)!.ffmpegPath;
const encoders = execFileSync(maker, ['-v', 'quiet', '-encoders'], { encoding: 'utf8' });

const x264 = (params: string) => ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-x264-params', params];
const x265 = ['-c:v', 'libx265', '-pix_fmt', 'yuv420p'];
const closed = x264('keyint=40:bframes=3:b-adapt=0');
const open = x264('keyint=40:bframes=3:b-adapt=0:open-gop=1');
const refreshed = x264('intra-refresh=1:keyint=20:bframes=0');
const openHevc = [...x265, '-x265-params', 'log-level=none:open-gop=1:keyint=25:bframes=4'];
const mpeg4 = ['-c:v', 'mpeg4', '-bf', '2', '-g', '30'];
const vp9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-g', '30'];
const uneven = ['-vf', "select='not(mod(n,7))+between(n,30,40)'", '-vsync', 'passthrough'];

/** File name, frames per second, and how the video is made. */
const recipes: [name: string, rate: number, options: string[]][] = [
  ['h264.mp4', 25, closed],
  ['h264-open-gop.mp4', 25, open],
  ['h264-open-gop.mkv', 25, open],
  ['h264-open-gop.ts', 25, open],
  ['h264-open-gop.mov', 5, open],
  ['h264-refreshed.mp4', 25, refreshed],
  ['h264-fragmented.mp4', 25, [...open, '-movflags', 'frag_keyframe+empty_moov+default_base_moof']],
  ['h264-uneven.mp4', 25, [...uneven, ...open]],
  ['h264-uneven.mkv', 25, [...uneven, ...closed]],
  ['h264.avi', 25, closed],
  ['h264.flv', 25, closed],
  ['hevc-open-gop.mp4', 5, openHevc],
  ['hevc-open-gop.mkv', 5, openHevc],
  ['hevc-open-gop.ts', 5, openHevc],
  ['mpeg4.avi', 5, mpeg4],
  ['mpeg4-25.avi', 25, mpeg4],
  ['mpeg4.mp4', 5, mpeg4],
  ['mpeg2.mkv', 25, ['-c:v', 'mpeg2video', '-bf', '2', '-g', '15']],
  ['mpeg2.ts', 25, ['-c:v', 'mpeg2video', '-bf', '2', '-g', '15']],
  ['mpeg2.mpg', 25, ['-c:v', 'mpeg2video', '-bf', '2', '-g', '15']],
  ['mjpeg.avi', 25, ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p']],
  ['mjpeg.mov', 10, ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p']],
  ['vp9.webm', 10, vp9],
  ['vp9.mkv', 10, vp9],
];
const videos: string[] = [];
for (const [name, rate, options] of recipes) {
  const encoder = options[options.indexOf('-c:v') + 1]!;
  if (!encoders.includes(` ${encoder} `)) continue;
  const file = path.join(folder, name);
  const lavfi = ['-f', 'lavfi', '-i', `testsrc2=d=8:r=${rate}:s=64x48`];
  execFileSync(maker, ['-v', 'quiet', '-nostdin', '-y', ...lavfi, ...options, file]);
  videos.push(file);
}

/** A Matroska file without its index, as a recording that was cut off leaves it. */
const complete = path.join(folder, 'h264-open-gop.mkv');
const withoutIndex = path.join(folder, 'without-index.mkv');
const bytes = await readFile(complete);
const cues = bytes.lastIndexOf(Buffer.from('1c53bb6b', 'hex'));
await writeFile(withoutIndex, bytes.subarray(0, cues));
videos.push(withoutIndex);

describe.each(everyTools)('a range decoded by ffmpeg $version', (tools) => {
  useTools(tools);

  it.each(videos.map((file) => [path.basename(file), file]))(
    'of %s has the frames and times of the whole video',
    async (_, file) => {
      const size = { width: 16, height: 12 };
      const whole = await decodeAll(file, size);
      expect(whole.length).toBeGreaterThan(15);
      for (const startSec of [0.01, 1.63, 4, 5.87, 7.5]) {
        const range = { startSec, durationSec: 1.25 };
        const expected = whole.filter(({ timeSec }) => timeSec >= startSec && timeSec < startSec + 1.25);
        const reported: number[] = [];
        const onSourceFrame = (timeSec: number): void => void reported.push(timeSec);
        const part = await decodeAll(file, { ...size, ...range, onSourceFrame });
        expect(largestDifference(timesOf(part), timesOf(expected)), `from ${startSec} s`).toBeLessThan(0.001);
        const isSame = part.map(({ data }, i) => Buffer.compare(data, expected[i]!.data) === 0);
        expect(isSame, `from ${startSec} s`).not.toContain(false);
        expect(largestDifference(reported, timesOf(expected))).toBeLessThan(0.001);
      }
    },
  );
});
