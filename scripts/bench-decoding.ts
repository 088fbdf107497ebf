/**
 * Measures what decoding costs over ffmpeg itself: the time of `ffmpeg -f null` with the same filters on the same
 * video, over that of `decodeFrames`. The two take turns, so that a busy machine slows both alike.
 *
 *     npx tsx scripts/bench-decoding.ts [video] [--json]
 *
 * The last line is a JSON object: `decodeRatio`, at the 10 frames a second at which models look (target at least 0.9),
 * and `decodeRatioEveryFrame`, where every frame of the source comes through the pipe.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { decodeFrames, findFfmpeg } from '../src/index.js';

const run = promisify(execFile);
const NUM_ROUNDS = 5;
const SIZE = 192;
const LOOPED_SEC = 300;

/** How often frames are wanted, and the filters that ffmpeg needs for it. */
const VARIANTS = {
  sampled: { frameRate: 10, filters: `fps=10,scale=${SIZE}:${SIZE}:flags=bilinear,format=rgb24` },
  everyFrame: { frameRate: 'source', filters: `scale=${SIZE}:${SIZE}:flags=bilinear,format=rgb24` },
} as const;
type Variant = keyof typeof VARIANTS;

const isQuiet = process.argv.includes('--json');
const [source = path.join(import.meta.dirname, '../fixtures/drawn-people/demo.mp4')] = process.argv
  .slice(2)
  .filter((argument) => !argument.startsWith('--'));
const { ffmpegPath, version, supportsFpsMode } = await findFfmpeg();
const passthrough = [supportsFpsMode ? '-fps_mode' : '-vsync', 'passthrough'];
const folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-bench-'));

/** @returns The number of frames. */
async function ours(variant: Variant): Promise<number> {
  let numBytes = 0;
  const { frameRate } = VARIANTS[variant];
  for await (const { data } of decodeFrames(video, { width: SIZE, height: SIZE, frameRate }))
    numBytes += data.length;
  return numBytes / (SIZE * SIZE * 3);
}

async function bare(variant: Variant): Promise<void> {
  const { filters } = VARIANTS[variant];
  const output = ['-map', '0:V:0', '-vf', filters, ...passthrough, '-f', 'null', '-'];
  await run(ffmpegPath, ['-v', 'error', '-i', video, ...output]);
}

async function measure(variant: Variant) {
  const numFrames = await ours(variant); // warms up
  await bare(variant);
  const seconds = { ours: [] as number[], bare: [] as number[] };
  for (let round = 0; round < NUM_ROUNDS; round++) {
    seconds.ours.push(await timed(() => ours(variant)));
    seconds.bare.push(await timed(() => bare(variant)));
  }
  const ratios = seconds.bare.map((bareSec, round) => bareSec / (seconds.ours[round] as number));
  const ratio = Number(median(ratios).toFixed(3));
  print(
    `  ${variant.padEnd(10)} ${numFrames} frames: ${median(seconds.ours).toFixed(2)} s, ffmpeg alone ${median(seconds.bare).toFixed(2)} s, ratio ${ratio}`,
  );
  return ratio;
}

function print(line: string): void {
  if (!isQuiet) console.log(line);
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
  print(
    `${path.basename(source)} looped to ${LOOPED_SEC} s, ffmpeg ${version}, median of ${NUM_ROUNDS} rounds`,
  );
  const decodeRatio = await measure('sampled');
  const decodeRatioEveryFrame = await measure('everyFrame');
  console.log(
    JSON.stringify({ decodeRatio, decodeRatioEveryFrame, video: path.basename(source), ffmpeg: version }),
  );
} finally {
  await rm(folder, { recursive: true });
}
