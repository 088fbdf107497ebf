import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ShapeError } from '../../../src/errors.js';
import { startBackend } from '../../../src/runtime/backend.js';
import { Adam } from '../../../src/training/loop/adam.js';
import { createRandom } from '../../../src/training/data/random.js';

interface OptimizerCase {
  learningRate: number;
  weightDecay: number;
  weights: number[];
  gradients: number[][];
  weightsAfterStep: number[][];
}
const golden = JSON.parse(
  readFileSync(new URL('../../../fixtures/golden/training-pytorch.json', import.meta.url), 'utf8'),
) as { optimizer: Record<string, OptimizerCase> };

const drawGradients = (numSteps: number, size: number): Float32Array[] => {
  const random = createRandom(4);
  return Array.from({ length: numSteps }, () => Float32Array.from({ length: size }, () => random() - 0.4));
};

async function takeSteps(adam: Adam, variable: tf.Variable, gradients: readonly Float32Array[]) {
  for (const values of gradients) {
    const gradient = tf.tensor(values.slice(), variable.shape);
    await adam.step({ [variable.name]: gradient }, 0.01);
    gradient.dispose();
  }
}

describe.each(['wasm', 'cpu'] as const)('Adam on %s', (backend) => {
  beforeAll(async () => {
    await startBackend(backend);
  });

  it.each(Object.entries(golden.optimizer))('takes the steps of PyTorch (%s)', async (_, golden) => {
    const { learningRate, weightDecay, weights, gradients, weightsAfterStep } = golden;
    const variable = tf.variable(tf.tensor1d(weights));
    const adam = new Adam([variable], { weightDecay });
    for (const [step, values] of gradients.entries()) {
      await adam.step({ [variable.name]: tf.tensor1d(values) }, learningRate);
      [...variable.dataSync()].forEach((value, i) =>
        expect(value).toBeCloseTo(weightsAfterStep[step]![i]!, 5),
      );
    }
    variable.dispose();
  });

  it('takes the steps of tf.train.adam', async () => {
    const start = tf.tensor2d([0.5, -1, 2, 0, 3, -4], [2, 3]);
    const [ours, theirs] = [tf.variable(start), tf.variable(start)];
    const gradients = drawGradients(30, 6);
    await takeSteps(new Adam([ours]), ours, gradients);
    const reference = tf.train.adam(0.01);
    for (const values of gradients) {
      reference.applyGradients({ [theirs.name]: tf.tensor(values, [2, 3]) as tf.Variable });
    }
    ours.dataSync().forEach((value, i) => expect(value).toBeCloseTo(theirs.dataSync()[i]!, 5));
    expect([...ours.dataSync()]).not.toEqual([...start.dataSync()]);
  });

  it('continues from a saved state to the last bit', async () => {
    const start = tf.tensor1d([1, 2, 3]);
    const gradients = drawGradients(9, 3);
    const whole = tf.variable(start);
    await takeSteps(new Adam([whole], { weightDecay: 0.1 }), whole, gradients);

    const first = tf.variable(start);
    const interrupted = new Adam([first], { weightDecay: 0.1 });
    await takeSteps(interrupted, first, gradients.slice(0, 4));
    const saved = interrupted.exportState();
    const second = tf.variable(first);
    await takeSteps(interrupted, first, gradients.slice(4)); // what was saved must not change with it
    const resumed = new Adam([second], { weightDecay: 0.1 });
    resumed.importState(saved);
    await takeSteps(resumed, second, gradients.slice(4));
    expect([...second.dataSync()]).toEqual([...whole.dataSync()]);
  });

  it('leaves no tensor behind and refuses the state of other variables', async () => {
    const variable = tf.variable(tf.tensor1d([1, 2, 3]));
    const adam = new Adam([variable]);
    const before = tf.memory().numTensors;
    await takeSteps(adam, variable, drawGradients(3, 3));
    expect(tf.memory().numTensors).toBe(before);
    const state = { numSteps: 1, firstMoments: [new Float32Array(2)], secondMoments: [new Float32Array(2)] };
    expect(() => adam.importState(state)).toThrow(ShapeError);
  });
});
