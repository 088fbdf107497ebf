import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { RecallNetwork } from '../../examples/long-dependency/recall-network.js';
import { drawRecallBatch } from '../../examples/long-dependency/recall-task.js';
import { startBackend } from '../../src/runtime/backend.js';
import { createRandom } from '../../src/training/data/random.js';

const NUM_STEPS = 24;
const TRAINING = {
  numSteps: NUM_STEPS,
  chunkLength: 6,
  gradientLength: 6,
  isStateCarried: true,
  isAskedThroughout: false,
  units: 16,
  batchSize: 16,
  numBatches: 150,
  learningRate: 0.01,
  seed: 1,
};

/** Accuracies on sequences of training's length and on sequences five times as long. */
async function trainAndTest(changes: Partial<typeof TRAINING>): Promise<[number, number]> {
  const network = await RecallNetwork.train({ ...TRAINING, ...changes });
  const tests = [NUM_STEPS, 5 * NUM_STEPS].map((numSteps) =>
    drawRecallBatch(createRandom(77), 300, numSteps),
  );
  const accuracies = tests.map((test) => network.accuracy(test)) as [number, number];
  network.dispose();
  tf.dispose(tests.map((test) => ({ ...test })));
  return accuracies;
}

describe('a dependency longer than the chunk', () => {
  beforeAll(async () => {
    await startBackend('wasm');
  });

  it('is not learned if only the state, but no gradient, reaches back to its beginning', async () => {
    expect((await trainAndTest({}))[0]).toBeLessThan(0.65);
  });

  it('is learned if gradients reach back to its beginning', async () => {
    expect((await trainAndTest({ gradientLength: NUM_STEPS }))[0]).toBeGreaterThan(0.95);
  });

  it('is bridged by carried state if shorter ones of its kind are there to learn from', async () => {
    const [accuracy, stretched] = await trainAndTest({ isAskedThroughout: true });
    expect(accuracy).toBeGreaterThan(0.95);
    expect(stretched).toBeGreaterThan(0.95);
  });

  it('is out of reach without carried state', async () => {
    const [accuracy] = await trainAndTest({ isAskedThroughout: true, isStateCarried: false });
    expect(accuracy).toBeLessThan(0.65);
  });

  it('is trained without leaving a tensor behind', async () => {
    const before = tf.memory().numTensors;
    for (let run = 0; run < 2; run++) await trainAndTest({ numBatches: 2 });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('drawRecallBatch', () => {
  it('begins every sequence with its cue and repeats none', async () => {
    await startBackend('cpu');
    const { inputs, cues } = drawRecallBatch(createRandom(3), 50, 10);
    const [cueSteps, rest] = tf.split(inputs, [1, 9], 1) as [tf.Tensor3D, tf.Tensor3D];
    const first = tf.reshape(tf.slice(cueSteps, [0, 0, 0], [50, 1, 2]), [50, 2]);
    expect([...tf.sub(tf.mul(2, tf.slice(first, [0, 0], [50, 1])), 1).dataSync()]).toEqual([
      ...cues.dataSync(),
    ]);
    expect(tf.sum(first).dataSync()[0]).toBe(50);
    expect(tf.sum(tf.slice(rest, [0, 0, 0], [50, 9, 2])).dataSync()[0]).toBe(0);
    expect(tf.sum(rest).dataSync()[0]).toBe(450);
    expect(new Set(cues.dataSync()).size).toBe(2);
  });
});
