/**
 * Measures what decoding costs over ffmpeg itself: frames a second that `decodeFrames` gives, over those of
 * `ffmpeg -f null` with the same filters on the same video. The two take turns, so that a busy machine slows
 * both alike.
 *
 *     npx tsx scripts/bench-decoding.ts [video] [--json]
 *
 * The last line is a JSON object with `decodeRatio` (target at least 0.9).
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { decodeFrames, findFfmpeg } from '../src/index.js';

const run = promisify(execFile);
const NUM_ROUNDS = 7;
const SIZE = 192;
const LOOPED_SEC = 120;
const FILTERS = `scale=${SIZE}:${SIZE}:flags=bilinear,format=rgb24`;

const isQuiet = process.argv.includes('--json');
const [source = path.join(import.meta.dirname, '../fixtures/drawn-people/demo.mp4')] = process.argv
  .slice(2)
  .filter((argument) => !argument.startsWith('--'));
const { ffmpegPath, version, supportsFpsMode } = await findFfmpeg();
const passthrough = [supportsFpsMode ? '-fps_mode' : '-vsync', 'passthrough'];
const folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-bench-'));

async function ours(): Promise<number> {
  let numFrames = 0;
  for await (const { data } of decodeFrames(video, { width: SIZE, height: SIZE, frameRate: 'source' })) {
    numFrames += data.length / (SIZE * SIZE * 3);
  }
  return numFrames;
}

async function bare(): Promise<void> {
  await run(ffmpegPath, [
    '-v',
    'error',
    '-i',
    video,
    '-map',
    '0:V:0',
    '-vf',
    FILTERS,
    ...passthrough,
    '-f',
    'null',
    '-',
  ]);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

function median(values: number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] as number;
}

// A real length, so that starting a process does not count for more than it does in use.
const video = path.join(folder, 'looped.mp4');
try {
  await run(ffmpegPath, [
    '-v',
    'error',
    '-stream_loop',
    '-1',
    '-i',
    source,
    '-t',
    String(LOOPED_SEC),
    '-c',
    'copy',
    '-an',
    video,
  ]);
  const numFrames = await ours(); // warms up
  await bare();
  const seconds = { ours: [] as number[], bare: [] as number[] };
  for (let round = 0; round < NUM_ROUNDS; round++) {
    seconds.ours.push(await timed(ours));
    seconds.bare.push(await timed(bare));
  }
  const ratios = seconds.bare.map((bareSec, round) => bareSec / (seconds.ours[round] as number));
  const result = {
    decodeRatio: Number(median(ratios).toFixed(3)),
    framesPerSec: Math.round(numFrames / median(seconds.ours)),
    bareFramesPerSec: Math.round(numFrames / median(seconds.bare)),
    numFrames,
    ffmpeg: version,
  };
  if (!isQuiet) {
    console.log(`${path.basename(source)} looped to ${LOOPED_SEC} s, ${numFrames} frames, ffmpeg ${version}`);
    console.log(`  decodeFrames     ${result.framesPerSec} frames a second`);
    console.log(`  ffmpeg -f null   ${result.bareFramesPerSec} frames a second`);
  }
  console.log(JSON.stringify(result));
} finally {
  await rm(folder, { recursive: true });
}
