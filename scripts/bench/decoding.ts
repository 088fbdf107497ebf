/**
 * Measures the overhead of decoding: the time of `ffmpeg -f null` with the same filters on the same video, divided by that of
 * `decodeFrames`. The two take turns, so that a busy machine slows both alike.
 *
 *     npx tsx scripts/bench/decoding.ts [video] [--json]
 *
 * The last line is a JSON object: `decodeRatio`, at 10 frames per second (target at least 0.9), and
 * `decodeRatioEveryFrame`, with every frame of the source.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findFfmpeg } from '../../src/stages.js';
import { measureDecodeRatio } from './measure/decode-ratio.js';
import { loopVideo } from './measure/looped-video.js';

const NUM_ROUNDS = 5;
/** A realistic length, so that starting a process counts as little as in use. */
const LOOPED_SEC = 300;

const isQuiet = process.argv.includes('--json');
const [sample = path.join(import.meta.dirname, '../../fixtures/drawn-people/demo.mp4')] = process.argv
  .slice(2)
  .filter((argument) => !argument.startsWith('--'));
const { version } = await findFfmpeg();
const folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-bench-'));
try {
  const video = await loopVideo(sample, LOOPED_SEC, path.join(folder, 'looped.mp4'));
  print(
    `${path.basename(sample)} looped to ${LOOPED_SEC} s, ffmpeg ${version}, median of ${NUM_ROUNDS} rounds`,
  );
  const decodeRatio = await measure(10);
  const decodeRatioEveryFrame = await measure('source');
  console.log(
    JSON.stringify({ decodeRatio, decodeRatioEveryFrame, video: path.basename(sample), ffmpeg: version }),
  );

  async function measure(frameRate: number | 'source'): Promise<number> {
    const { ratio, oursSec, bareSec } = await measureDecodeRatio(video, frameRate, NUM_ROUNDS);
    print(
      `  rate ${frameRate}: ${oursSec.toFixed(2)} s, ffmpeg alone ${bareSec.toFixed(2)} s, ratio ${ratio}`,
    );
    return ratio;
  }
} finally {
  await rm(folder, { recursive: true });
}

function print(line: string): void {
  if (!isQuiet) console.log(line);
}
