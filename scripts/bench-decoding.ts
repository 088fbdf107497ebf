/**
 * Decoding speed of `decodeFrames` over that of ffmpeg itself: the same filters, its frames thrown away (`-f null`).
 * Ours also brings every frame through a pipe into JavaScript, with its time.
 *
 *   tsx scripts/bench-decoding.ts [--json]
 */
import { execFile } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { findFfmpeg } from '../src/runtime/ffmpeg.js';
import { decodeFrames } from '../src/video/decode-frames.js';

const NUM_RUNS = 7;
const SIZE = { width: 192, height: 192 };
const SAMPLE = path.resolve(import.meta.dirname, '../../shared/data/decode-samples/test.mp4');

const run = promisify(execFile);
const { json } = parseArgs({ options: { json: { type: 'boolean', default: false } } }).values;
const { ffmpegPath, ffprobePath, version } = await findFfmpeg();

/** A video of some minutes: a real one repeated where there is one, else a drawn one. */
async function makeLongVideo(file: string): Promise<string> {
  const hasSample = await access(SAMPLE).then(
    () => true,
    () => false,
  );
  const options = hasSample
    ? ['-stream_loop', '17', '-i', SAMPLE, '-an', '-c', 'copy']
    : ['-f', 'lavfi', '-i', 'testsrc2=d=180:r=30:s=340x256', '-c:v', 'libx264', '-pix_fmt', 'yuv420p'];
  await run(ffmpegPath, ['-v', 'error', ...options, file]);
  return hasSample ? 'test.mp4, 18 times' : 'drawn';
}

async function secondsOf(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1000;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** The peer probes first, as ours does: finding the stream's start belongs to the job. */
async function decodeToNothing(file: string, frameRate: number | 'source'): Promise<void> {
  await run(ffprobePath, ['-v', 'error', '-show_format', '-show_streams', file]);
  const rate = frameRate === 'source' ? '' : `fps=${frameRate},`;
  const filters = `${rate}scale=${SIZE.width}:${SIZE.height}:flags=bilinear,format=rgb24`;
  await run(ffmpegPath, [
    '-v',
    'error',
    '-nostdin',
    '-i',
    file,
    '-map',
    '0:V:0',
    '-vf',
    filters,
    '-f',
    'null',
    '-',
  ]);
}

async function decodeToFrames(file: string, frameRate: number | 'source'): Promise<number> {
  let numFrames = 0;
  for await (const { index } of decodeFrames(file, { ...SIZE, frameRate })) numFrames = index + 1;
  return numFrames;
}

async function compare(file: string, frameRate: number | 'source') {
  const peer: number[] = [];
  const ours: number[] = [];
  let numFrames = await decodeToFrames(file, frameRate); // warms the disk's cache and the code up
  for (let i = 0; i < NUM_RUNS; i++) {
    peer.push(await secondsOf(() => decodeToNothing(file, frameRate)));
    ours.push(await secondsOf(async () => (numFrames = await decodeToFrames(file, frameRate))));
  }
  const ratio = median(peer.map((seconds, i) => seconds / (ours[i] ?? Number.NaN)));
  const [peerRate, ourRate] = [numFrames / median(peer), numFrames / median(ours)];
  if (!json) {
    const rates = `${ourRate.toFixed(0)} frames/s, ffmpeg -f null ${peerRate.toFixed(0)}`;
    console.log(`frameRate ${frameRate}: ${rates}, ratio ${ratio.toFixed(3)} (median of ${NUM_RUNS} pairs)`);
  }
  return { numFrames, framesPerSecond: ourRate, peerFramesPerSecond: peerRate, ratio };
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-bench-'));
try {
  const file = path.join(folder, 'long.mp4');
  const video = await makeLongVideo(file);
  const atSourceRate = await compare(file, 'source');
  const atTenFrames = await compare(file, 10);
  const decodeRatio = Math.min(atSourceRate.ratio, atTenFrames.ratio);
  console.log(
    JSON.stringify({
      benchmark: 'decoding',
      decodeRatio,
      target: 0.9,
      ffmpeg: version,
      video,
      atSourceRate,
      atTenFrames,
    }),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
