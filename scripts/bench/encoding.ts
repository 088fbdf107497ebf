/**
 * Measures the overhead of encoding: `encode` from bytes to features, compared with `model.execute` alone on the same pictures,
 * scaled beforehand. The variants take turns, so that a busy machine slows all alike.
 *
 *     npx tsx scripts/bench/encoding.ts [--json]
 *
 * The last line is a JSON object: `encodingOverhead`, time of encode divided by the bare network in one thread (target at most
 * 1.1), `poolOverhead`, a pool of one divided by the bare network, and `poolSpeedup`, a pool of one divided by a pool of all cores.
 */
import os from 'node:os';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { createFrameEncoder } from '../../src/encoder/create-frame-encoder.js';
import { DEFAULT_ENCODER } from '../../src/encoder/encoder-spec.js';
import type { FrameEncoder } from '../../src/encoder/frame-encoder.js';
import { readModelFiles } from '../../src/encoder/networks/model-files.js';
import { locateMoveNet } from '../../src/encoder/builtin/movenet.js';

const NUM_ROUNDS = 15;
const BATCH_SIZE = 8;
const numCores = os.availableParallelism();
const isQuiet = process.argv.includes('--json');
const print = (line: string): void => {
  if (!isQuiet) console.log(line);
};

const inThread = await createFrameEncoder(DEFAULT_ENCODER, { workers: 0, backend: 'wasm' });
const poolOfOne = await createFrameEncoder(DEFAULT_ENCODER, { workers: 1, backend: 'wasm' });
const poolOfAll = await createFrameEncoder(DEFAULT_ENCODER, { workers: numCores, backend: 'wasm' });

const pixels = new Uint8Array(
  new SharedArrayBuffer(BATCH_SIZE * inThread.inputHeight * inThread.inputWidth * 3),
);
pixels.forEach((_, index) => (pixels[index] = (index * 2654435761) >>> 24));

const { path, inputNode, outputNode } = locateMoveNet('movenet-lightning');
const { artifacts } = await readModelFiles(path);
const bare = await loadGraphModel({ load: () => Promise.resolve(artifacts) });
const pictures = tf.tidy(() => {
  const bytes = tf.tensor4d(pixels, [BATCH_SIZE, inThread.inputHeight, inThread.inputWidth, 3], 'int32');
  return tf.sub(tf.div(tf.cast(bytes, 'float32'), 127.5), 1);
});

/** The output is not read. WebAssembly has computed it by then, and reading all of it would favor `encode`. */
function runBare(): Promise<void> {
  tf.dispose(bare.execute({ [inputNode!]: pictures }, outputNode));
  return Promise.resolve();
}

function runBatches(encoder: FrameEncoder, numBatches: number): Promise<unknown> {
  return Promise.all(Array.from({ length: numBatches }, () => encoder.encode(pixels, BATCH_SIZE)));
}

/** Each variant with the number of batches of one run, two per worker. */
const variants = {
  bare: { numBatches: 1, run: runBare },
  encode: { numBatches: 1, run: () => runBatches(inThread, 1) },
  poolOfOne: { numBatches: 2, run: () => runBatches(poolOfOne, 2) },
  poolOfAll: { numBatches: 2 * numCores, run: () => runBatches(poolOfAll, 2 * numCores) },
};
type Variant = keyof typeof variants;
const names = Object.keys(variants) as Variant[];
const msPerFrame = new Map<Variant, number[]>(names.map((name) => [name, []]));

for (let round = -2; round < NUM_ROUNDS; round++) {
  for (const name of names) {
    const { numBatches, run } = variants[name];
    const begin = performance.now();
    await run();
    // The first two rounds warm up.
    if (round >= 0) msPerFrame.get(name)!.push((performance.now() - begin) / (numBatches * BATCH_SIZE));
  }
}

/** Median over the rounds of the ratio of two variants' times in the same round. */
function ratio(numerator: Variant, denominator: Variant): number {
  const divisors = msPerFrame.get(denominator)!;
  return round(median(msPerFrame.get(numerator)!.map((ms, index) => ms / divisors[index]!)));
}

function median(values: number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1]!;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

const medians = Object.fromEntries(names.map((name) => [name, round(median(msPerFrame.get(name)!))]));
print(
  `MoveNet, WebAssembly, batches of ${BATCH_SIZE}, median of ${NUM_ROUNDS} interleaved rounds, ${numCores} cores`,
);
for (const name of names) print(`  ${name.padEnd(10)} ${medians[name]!.toFixed(2).padStart(7)} ms a frame`);
const result = {
  encodingOverhead: ratio('encode', 'bare'),
  poolOverhead: ratio('poolOfOne', 'bare'),
  poolSpeedup: ratio('poolOfOne', 'poolOfAll'),
  numCores,
  msPerFrame: medians,
};
console.log(JSON.stringify(result));

for (const encoder of [inThread, poolOfOne, poolOfAll]) encoder.dispose();
