/**
 * Measures the whole way from video to labels, compared with its lower bounds, on a sample that is looped to ten minutes.
 *
 *     npm run bench:pipeline [-- [video] [--static video] [--seconds n] [--only part,part] [--rounds n] [--json]]
 *
 * The parts are `efficiency`, `scaling`, `decoding`, `skipping` and `memory`. The last line is a JSON object:
 * - `pipelineEfficiency`: labeled frames per second, divided by the bound: the number of cores divided by the processor seconds per
 *   frame of the bare network and plain ffmpeg (target at least 0.9);
 * - `workerScaling`: frames per second with one worker per core, divided by those with one worker (at least 1.6 on two cores);
 * - `decodeRatio`: decoded frames per second, divided by those of `ffmpeg -f null` with the same filters (at least 0.9);
 * - `peakMemoryGrowthMiB`: peak resident memory of a video of an hour, minus that of six minutes (at most 30);
 * - `framesPerSec` and `realtimeFactor` of the labeling;
 * - `skipSpeedup` and `skipLabelChange`: the speedup of `skipUnchanged` on a static camera, and the share of labels that it changes.
 * Everything that is compared takes turns, so that a busy machine slows all alike.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { readModelFiles } from '../../src/encoder/networks/model-files.js';
import { locateMoveNet } from '../../src/encoder/builtin/movenet.js';
import { ActivityRecognizer } from '../../src/index.js';
import { startBackend } from '../../src/stages.js';
import { runBareFfmpeg } from './measure/bare-ffmpeg.js';
import { measureDecodeRatio } from './measure/decode-ratio.js';
import { loopVideo } from './measure/looped-video.js';
import { median, round, timed } from './measure/statistics.js';

const here = (place: string) => fileURLToPath(new URL(place, import.meta.url));
const firstThere = (...places: string[]) => places.map(here).find((place) => existsSync(place))!;

const { values: flags, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    static: { type: 'string' },
    seconds: { type: 'string', default: '600' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'efficiency,scaling,decoding,skipping,memory' },
  },
  allowPositionals: true,
});
const FIXTURE = '../fixtures/drawn-people/demo.mp4';
const sample = positionals[0] ?? firstThere('../../../shared/data/decode-samples/demo.mp4', FIXTURE);
const still =
  flags.static ??
  firstThere(
    '../../../shared/data/ceiling-actions/videos/20200627_212458_mlx90640_01_light_none.mp4',
    FIXTURE,
  );
const lengthSec = Number(flags.seconds);
const parts = flags.only.split(',');

const MODEL = here('../../models/surveillance-fights');
const numRounds = Number(flags.rounds);
const BATCH_SIZE = 8;
const SKIP_THRESHOLD = 3;
const numCores = os.availableParallelism();
const print = (line: string): void => {
  if (!flags.json) console.log(line);
};

await startBackend('wasm');
const folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-bench-'));
const withAll = await ActivityRecognizer.load(MODEL, { backend: 'wasm', workers: numCores });
const withOne = await ActivityRecognizer.load(MODEL, { backend: 'wasm', workers: 1 });
const { frameRate, encoder } = withAll.model;
try {
  const video = await loopVideo(sample, lengthSec, path.join(folder, 'long.mp4'));
  const part = await loopVideo(sample, lengthSec / 5, path.join(folder, 'part.mp4'));
  print(`${path.basename(sample)} looped to ${lengthSec} s, ${numCores} cores, ${numRounds} rounds`);
  const measures: Record<string, () => Promise<object>> = {
    efficiency: () => measurePipeline(video),
    scaling: () => measureScaling(part),
    decoding: () => measureDecoding(video),
    skipping: () => measureSkipping(still),
    memory: measureMemory,
  };
  const result = { numCores, lengthSec, video: path.basename(sample), staticVideo: path.basename(still) };
  for (const name of parts) {
    if (!measures[name]) throw new Error(`Part "${name}": expected ${Object.keys(measures).join(', ')}.`);
    Object.assign(result, await measures[name]());
  }
  console.log(JSON.stringify(result));
} finally {
  withAll.dispose();
  withOne.dispose();
  await rm(folder, { recursive: true });
}

async function measurePipeline(video: string) {
  const runBare = await bareEncoder();
  await withAll.label(video, { durationSec: 10 }); // starts the workers, warms up
  const efficiencies: number[] = [];
  const paces: number[] = [];
  for (let turn = 0; turn < numRounds; turn++) {
    const encoderBeforeSec = runBare();
    let numFrames = 0;
    const wallSec = await timed(async () => (numFrames = (await withAll.label(video)).frames.length));
    const { processorSec } = await runBareFfmpeg(video, { size: 192, frameRate });
    const encoderSec = (encoderBeforeSec + runBare()) / 2; // on both sides, as a shared machine's pace drifts
    const bound = numCores / (encoderSec + processorSec / numFrames);
    paces.push(numFrames / wallSec);
    efficiencies.push(numFrames / wallSec / bound);
    print(
      `  ${(numFrames / wallSec).toFixed(1)} frames a second of ${bound.toFixed(1)}: ` +
        `network ${(1000 * encoderSec).toFixed(2)} ms, ffmpeg ${((1000 * processorSec) / numFrames).toFixed(2)} ms a frame`,
    );
  }
  const framesPerSec = median(paces);
  return {
    pipelineEfficiency: round(median(efficiencies)),
    framesPerSec: round(framesPerSec),
    realtimeFactor: round(framesPerSec / frameRate),
  };
}

/** @returns A function that runs the network alone on scaled pictures and returns its processor seconds per frame. */
async function bareEncoder(): Promise<() => number> {
  if (encoder.kind !== 'builtin' || encoder.name !== 'movenet-middle') {
    throw new Error('The benchmark runs the bare network of movenet-middle; the model has another encoder.');
  }
  const { path: file, inputNode, outputNode } = locateMoveNet(encoder.name);
  const { artifacts } = await readModelFiles(file);
  const bare = await loadGraphModel({ load: () => Promise.resolve(artifacts) });
  const pictures = tf.randomUniform([BATCH_SIZE, 192, 192, 3], -1, 1, 'float32', 7);
  const run = (numBatches: number): number => {
    const before = process.cpuUsage();
    for (let batch = 0; batch < numBatches; batch++)
      tf.dispose(bare.execute({ [inputNode!]: pictures }, outputNode));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6 / (numBatches * BATCH_SIZE);
  };
  run(5); // warms up
  return () => run(40);
}

async function measureScaling(video: string) {
  for (const each of [withOne, withAll]) await each.label(video, { durationSec: 10 });
  const ratios: number[] = [];
  for (let round = 0; round < numRounds; round++) {
    const oneSec = await timed(() => withOne.label(video));
    ratios.push(oneSec / (await timed(() => withAll.label(video))));
  }
  print(`  ${numCores} workers over one: ${median(ratios).toFixed(2)}`);
  return { workerScaling: round(median(ratios)) };
}

async function measureDecoding(video: string) {
  const { ratio } = await measureDecodeRatio(video, frameRate, 2 * numRounds);
  print(`  ffmpeg alone over decoding: ${ratio}`);
  return { decodeRatio: ratio };
}

async function measureSkipping(video: string) {
  const speedups: number[] = [];
  let skipLabelChange = 0;
  for (let round = 0; round < numRounds; round++) {
    const labels: string[][] = [];
    const label = async (skipUnchanged?: number) => {
      const { frames } = await withAll.label(video, { skipUnchanged, durationSec: lengthSec / 5 });
      labels.push(frames.map((frame) => frame.label));
    };
    const wholeSec = await timed(() => label());
    speedups.push(wholeSec / (await timed(() => label(SKIP_THRESHOLD))));
    const [every, skipped] = labels as [string[], string[]];
    skipLabelChange = every.filter((name, frame) => name !== skipped[frame]).length / every.length;
  }
  print(
    `  unchanged frames skipped: ${median(speedups).toFixed(2)} times as quick, ${skipLabelChange} changed`,
  );
  return { skipSpeedup: round(median(speedups)), skipLabelChange: round(skipLabelChange) };
}

async function measureMemory() {
  const peakMiB = async (durationSec: number): Promise<number> => {
    const video = await loopVideo(sample, durationSec, path.join(folder, `${durationSec}.mp4`));
    const program = fileURLToPath(new URL('./pipeline/label-program.ts', import.meta.url));
    const child = fork(program, [MODEL, video, path.join(folder, `out-${durationSec}`)]);
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`The labeling of a video of ${durationSec} s ended with exit code ${String(code)}.`);
    });
    const [bytes] = await Promise.race([once(child, 'message') as Promise<[number]>, ended]);
    ended.catch(() => undefined); // It has told, and ends.
    return bytes / 2 ** 20;
  };
  const short = await peakMiB(0.6 * lengthSec);
  const long = await peakMiB(6 * lengthSec);
  print(`  at most ${short.toFixed(0)} MiB, and ${long.toFixed(0)} MiB with ten times the length`);
  return { peakMemoryGrowthMiB: Math.round(long - short) };
}
