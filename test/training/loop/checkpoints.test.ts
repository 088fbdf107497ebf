import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TrainingError } from '../../../src/errors.js';
import { startBackend } from '../../../src/runtime/backend.js';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type CheckpointContent,
} from '../../../src/training/loop/checkpoint-file.js';
import { isTrainingCheckpoint } from '../../../src/training/loop/training-checkpoint.js';
import { encodeTensorFile } from '../../../src/tensors/tensor-file.js';
import { CheckpointFolder } from '../../../src/training/loop/checkpoint-folder.js';
import { trainLabeler } from '../../../src/training/loop/train-labeler.js';
import type { LabelerTrainingOptions } from '../../../src/training/loop/training-settings.js';
import { drawWaves, WAVE_LABELS, WAVE_NETWORK } from './waves.js';

const content = (number: number) => ({
  facts: { number, name: 'Übung' },
  arrays: new Map([
    ['weights/a', Float32Array.of(number, NaN, -0, Infinity, 1e-45)],
    ['weights/b', new Float32Array(0)],
  ]),
});

/** `content(1)`, as checkpoints were before they were safetensors files. */
const EARLIER_CHECKPOINT = path.join(
  import.meta.dirname,
  '../../../fixtures/golden/earlier-formats/step-000000001.checkpoint',
);

describe('a checkpoint file', () => {
  it('returns facts and numbers to the last bit', () => {
    expect(decodeCheckpoint(encodeCheckpoint(content(1 / 3)))).toEqual(content(1 / 3));
  });

  it('is read if an earlier version wrote it', async () => {
    expect(decodeCheckpoint(await readFile(EARLIER_CHECKPOINT))).toEqual(content(1));
  });

  it('is recognized as damaged wherever a byte differs or is missing', () => {
    const whole = encodeCheckpoint(content(1));
    for (const position of [0, 9, 20, whole.length - 40, whole.length - 1]) {
      const changed = Uint8Array.from(whole);
      changed[position]! ^= 1;
      expect(decodeCheckpoint(changed)).toBeUndefined();
    }
    for (const length of [0, 5, 40, whole.length - 1]) {
      expect(decodeCheckpoint(whole.subarray(0, length))).toBeUndefined();
    }
  });

  it('is refused with a valid checksum if its content is not that of a checkpoint', () => {
    const format = { name: 'framewise-checkpoint', version: 2 };
    const encode = (metadata: Record<string, string>, values: Float32Array | Float64Array) =>
      encodeTensorFile(format, { metadata, tensors: new Map([['weights/a', { shape: [1], values }]]) });
    expect(decodeCheckpoint(encode({ facts: '{}' }, new Float32Array(1)))).toBeDefined();
    expect(decodeCheckpoint(encode({ facts: '{}' }, new Float64Array(1)))).toBeUndefined();
    expect(decodeCheckpoint(encode({ facts: '{' }, new Float32Array(1)))).toBeUndefined();
    expect(decodeCheckpoint(encode({}, new Float32Array(1)))).toBeUndefined();
    const earlier = (arrays: unknown) => encodeEarlier({ facts: {}, arrays: new Map() }, arrays);
    expect(decodeCheckpoint(earlier([]))).toBeDefined();
    for (const arrays of [[['a', 1e12]], [['a', -1]], [['a', 0.5]], 'none', [[1, 2]]]) {
      expect(decodeCheckpoint(earlier(arrays))).toBeUndefined();
    }
  });
});

describe('isTrainingCheckpoint', () => {
  const numbers = { loss: 1, numLabelled: 2, gradientNorm: 3, clippedGradientNorm: 3, learningRate: 0.1 };
  const facts = {
    progress: {
      epoch: 2,
      numDone: 1,
      numSteps: 5,
      totals: numbers,
      history: [],
      best: { epoch: 1, goodness: null },
    },
    identity: { dataset: 'ab', settings: { seed: 1 } },
    backend: 'cpu',
    optimizerSteps: 5,
  };
  const arraysOf = (...names: string[]) => new Map(names.map((name) => [name, new Float32Array(1)]));

  it('accepts what a training writes', () => {
    const arrays = arraysOf(
      'weights/output.bias',
      'firstMoments/0',
      'states/3/0.hiddenState',
      'states/3/hasPrevious',
    );
    expect(isTrainingCheckpoint({ facts, arrays })).toBe(true);
  });

  it.each<[string, unknown, string[]]>([
    ['no facts', null, []],
    ['facts of another type', { ...facts, progress: 'far' }, []],
    ['an epoch that does not exist', { ...facts, progress: { ...facts.progress, epoch: 0 } }, []],
    ['a number of steps that is none', { ...facts, optimizerSteps: -1 }, []],
    ['settings that are no object', { ...facts, identity: { dataset: 'ab', settings: 3 } }, []],
    ['an array of something else', facts, ['../weights']],
    ['a layer that takes all memory', facts, ['states/0/4294967294.hiddenState']],
  ])('refuses %s', (_, changed, names) => {
    expect(isTrainingCheckpoint({ facts: changed, arrays: arraysOf(...names) })).toBe(false);
  });
});

describe('CheckpointFolder', () => {
  let place: string;
  beforeEach(async () => {
    place = await mkdtemp(path.join(os.tmpdir(), 'framewise-checkpoints-'));
  });
  afterEach(async () => {
    await rm(place, { recursive: true });
  });
  const open = () => new CheckpointFolder(path.join(place, 'checkpoint'));
  const isAny = (each: CheckpointContent<unknown>): each is CheckpointContent<unknown> =>
    each.arrays.size >= 0;
  const never = (file: string) => expect.fail(`${file} is not damaged`);

  it('keeps the two newest', async () => {
    const folder = open();
    expect(await folder.readNewest(isAny, never)).toBeUndefined();
    for (const step of [8, 9, 10]) await folder.write(step, content(step));
    expect(await readdir(folder.folder)).toEqual(['step-000000009.checkpoint', 'step-000000010.checkpoint']);
    expect(await open().readNewest(isAny, never)).toEqual(content(10));
    await folder.clear();
    expect(await folder.isEmpty()).toBe(true);
  });

  it('falls back to the previous one if the newest is damaged, and reports it', async () => {
    const folder = open();
    for (const step of [1, 2]) await folder.write(step, content(step));
    const newest = path.join(folder.folder, 'step-000000002.checkpoint');
    await truncate(newest, (await readFile(newest)).length - 3);
    const damaged: string[] = [];
    expect(await folder.readNewest(isAny, (file) => damaged.push(file))).toEqual(content(1));
    expect(damaged).toEqual([newest]);
  });

  it('falls back to the previous one if the newest is whole but not from a training', async () => {
    const folder = open();
    for (const step of [1, 2]) await folder.write(step, content(step));
    const isFirst = (each: CheckpointContent<unknown>): each is CheckpointContent<unknown> =>
      (each.facts as { number: number }).number === 1;
    const damaged: string[] = [];
    expect(await folder.readNewest(isFirst, (file) => damaged.push(file))).toEqual(content(1));
    expect(damaged).toEqual([path.join(folder.folder, 'step-000000002.checkpoint')]);
  });

  it('does not silently start again if all are damaged', async () => {
    const folder = open();
    await folder.write(1, content(1));
    await writeFile(path.join(folder.folder, 'step-000000001.checkpoint'), 'nonsense');
    await expect(folder.readNewest(isAny, () => undefined)).rejects.toThrow(TrainingError);
  });

  it('removes an incomplete file of an ended process', async () => {
    const folder = open();
    await folder.write(1, content(1));
    await writeFile(path.join(folder.folder, '.step-000000002.checkpoint.0.part'), 'half');
    await folder.clearLeftovers();
    expect(await readdir(folder.folder)).toEqual(['step-000000001.checkpoint']);
  });
});

/** A checkpoint in the layout of earlier versions. */
function encodeEarlier({ facts, arrays }: CheckpointContent<unknown>, listed?: unknown): Buffer {
  const lengths = [...arrays].map(([name, { length }]) => [name, length]);
  const header = Buffer.from(JSON.stringify({ facts, arrays: listed ?? lengths }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const values = [...arrays.values()].map((array) => new Uint8Array(array.buffer));
  const bytes = Buffer.concat([Buffer.from('FWCKPT01'), length, header, ...values]);
  return Buffer.concat([bytes, createHash('sha256').update(bytes).digest()]);
}

it('an unfinished training of an earlier version is resumed to the same weights', async () => {
  expect(encodeEarlier(content(1))).toEqual(await readFile(EARLIER_CHECKPOINT));
  await startBackend('cpu');
  const runDir = await mkdtemp(path.join(os.tmpdir(), 'framewise-earlier-'));
  const train = async ({ run, ...more }: Partial<LabelerTrainingOptions>) => {
    const { labeler } = await trainLabeler(drawWaves(4, 1), [], {
      data: { labels: WAVE_LABELS },
      network: WAVE_NETWORK,
      optimizer: { epochs: 2, numLanes: 2, chunkLength: 8 },
      run: { checkpointSteps: 3, ...run },
      ...more,
    });
    const weights = [...(await labeler.exportWeights()).values()];
    labeler.dispose();
    return weights;
  };
  try {
    const controller = new AbortController();
    let numSteps = 0;
    const onStep = () => {
      if (++numSteps === 7) controller.abort(new Error('interrupted'));
    };
    await expect(train({ run: { outputDir: runDir }, signal: controller.signal, onStep })).rejects.toThrow(
      'interrupted',
    );
    for (const name of await readdir(path.join(runDir, 'checkpoint'))) {
      const file = path.join(runDir, 'checkpoint', name);
      await writeFile(file, encodeEarlier(decodeCheckpoint(await readFile(file))!));
    }
    let numResumed = 0;
    const resumed = await train({
      run: { outputDir: runDir, resume: true },
      onStep: () => void numResumed++,
    });
    let numWhole = 0;
    expect(resumed).toEqual(await train({ onStep: () => void numWhole++ }));
    expect(numResumed).toBe(numWhole - 6); // It goes on after the checkpoint of step 6.
  } finally {
    await rm(runDir, { recursive: true });
  }
});
