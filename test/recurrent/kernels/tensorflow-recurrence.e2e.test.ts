import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { GruCell, LstmCell, RnnCell, unroll, type RecurrentCell } from '../../../src/recurrent/index.js';
import type { UnrollOptions } from '../../../src/recurrent/unroll.js';
import { startBackend } from '../../../src/runtime/backend.js';
import { tensorflowSkipReason } from '../backends.js';

const NUM_FEATURES = 5;
const lstm = new LstmCell(6);
const wideLstm = new LstmCell(96);
const widestGru = new GruCell(840, { resetAfter: false });
const gru = new GruCell(6, { resetAfter: false });

const random = (shape: readonly number[], seed: number) =>
  tf.randomNormal([...shape], 0, 0.5, 'float32', seed);

/** Outputs, final states, and the gradients of all that they can be differentiated by. */
function compute(
  cell: RecurrentCell,
  [batchSize, numSteps]: readonly [number, number],
  isReversed: boolean,
  mask?: number[],
  recurrentMask?: number[],
): { values: tf.Tensor[]; gradients: tf.Tensor[] } {
  const options: UnrollOptions = {
    isReversed,
    mask: mask && tf.tensor2d(mask, [batchSize, numSteps], 'bool'),
    recurrentMask: recurrentMask && tf.tensor2d(recurrentMask, [batchSize, cell.units]),
  };
  const { kernel, recurrentKernel, bias } = cell.weightSpecs(NUM_FEATURES);
  const run = (...tensors: tf.Tensor[]) => {
    const [kernel, recurrentKernel, bias, inputs, hiddenState, cellState] = tensors as Tensor2D[];
    const state = { hiddenState: hiddenState!, cellState };
    const weights = { kernel: kernel!, recurrentKernel: recurrentKernel!, bias: bias! };
    const { outputs, finalState } = unroll(cell, weights, inputs as unknown as Tensor3D, state, options);
    return [outputs, ...cell.stateNames.map((name) => finalState[name]!)];
  };
  const loss = (...tensors: tf.Tensor[]) =>
    tf.addN<tf.Scalar>(run(...tensors).map((tensor, index) => tf.sum(tf.mul(tf.square(tensor), 1 + index))));
  const shapes = [kernel.shape, recurrentKernel.shape, bias.shape, [batchSize, numSteps, NUM_FEATURES]];
  const states = cell.stateNames.map(() => [batchSize, cell.units]);
  const variables = [...shapes, ...states].map((shape, index) => random(shape, 1 + index));
  return { values: run(...variables), gradients: tf.grads(loss)(variables) };
}

/** Names of TensorFlow's recurrent operations, in the order in which they run. */
function operationsOf(work: () => void): string[] {
  const backend = tf.backend() as unknown as {
    executeMultipleOutputs(name: string, ...rest: never[]): unknown;
  };
  const original = backend.executeMultipleOutputs.bind(backend);
  const names: string[] = [];
  backend.executeMultipleOutputs = (name, ...rest) => {
    if (/LSTM|GRU/.test(name)) names.push(name);
    return original(name, ...rest);
  };
  try {
    work();
  } finally {
    Reflect.deleteProperty(backend, 'executeMultipleOutputs');
  }
  return names;
}

/** A wide network has more values than a call takes arguments. */
const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, value), -Infinity);

function largestDifference(actual: readonly tf.Tensor[], expected: readonly Float32Array[]): number {
  expect(actual.map(({ size }) => size)).toEqual(expected.map(({ length }) => length));
  const differences = actual.map((tensor, position) => {
    const values = tensor.dataSync<'float32'>();
    const differences = values.map((value, index) => Math.abs(value - expected[position]![index]!));
    return largest(differences) / Math.max(1, largest(expected[position]!.map(Math.abs)));
  });
  return Math.max(...differences);
}

const dataOf = (tensors: tf.Tensor[]) => tensors.map((tensor) => tensor.dataSync<'float32'>());
const repeat = (name: string, times: number) => Array<string>(times).fill(name);

describe.skipIf(tensorflowSkipReason)(`TensorFlow's own kernels${tensorflowSkipReason}`, () => {
  const mask = [1, 1, 0, 1, 1, 0, 0, 1];
  const recurrentMask = Array.from({ length: 12 }, (_, index) => index % 3);

  it.each([
    ['LSTM', lstm, [2, 4], {}, ['BlockLSTMV2', 'BlockLSTMGradV2']],
    ['LSTM of one step', lstm, [1, 1], {}, ['BlockLSTMV2', 'BlockLSTMGradV2']],
    ['wide LSTM', wideLstm, [2, 4], {}, ['BlockLSTMV2', ...repeat('LSTMBlockCellGrad', 4)]],
    [
      'masked LSTM',
      lstm,
      [2, 4],
      { mask },
      [...repeat('LSTMBlockCell', 4), ...repeat('LSTMBlockCellGrad', 4)],
    ],
    ['LSTM with recurrent dropout', lstm, [2, 4], { recurrentMask }, []],
    ['LSTM of hard gates', new LstmCell(6, { recurrentActivation: 'hardSigmoid' }), [2, 4], {}, []],
    ['GRU', gru, [2, 4], {}, [...repeat('GRUBlockCell', 4), ...repeat('GRUBlockCellGrad', 4)]],
    ['GRU of one step', gru, [1, 1], {}, ['GRUBlockCell', 'GRUBlockCellGrad']],
    ['masked GRU', gru, [2, 4], { mask }, [...repeat('GRUBlockCell', 4), ...repeat('GRUBlockCellGrad', 4)]],
    ['wide GRU of one step', widestGru, [2, 1], {}, ['GRUBlockCellGrad']],
    ['GRU with recurrent dropout', gru, [2, 4], { recurrentMask }, []],
    ['GRU that resets after the product', new GruCell(6), [2, 4], {}, []],
    ['RNN', new RnnCell(6), [2, 4], {}, []],
  ] as const)(
    'give what cpu gives, and run where they fit: %s',
    async (_, cell, shape, masks, operations) => {
      const { mask, recurrentMask } = masks as { mask?: number[]; recurrentMask?: number[] };
      for (const isReversed of [false, true]) {
        const run = () => compute(cell, shape, isReversed, mask, recurrentMask);
        await startBackend('cpu');
        const expected = run();
        const [values, gradients] = [dataOf(expected.values), dataOf(expected.gradients)];
        await startBackend('tensorflow');
        const actual = run();
        expect(largestDifference(actual.values, values)).toBeLessThan(1e-5);
        expect(largestDifference(actual.gradients, gradients)).toBeLessThan(1e-4);
        expect(Math.max(...gradients.map(largest))).toBeGreaterThan(0.01);
        // Outputs are computed twice: with and without gradients.
        const isForward = (name: string) => !name.includes('Grad');
        expect(operationsOf(run)).toEqual([...operations.filter(isForward), ...operations]);
      }
    },
  );

  it('leak no tensor', async () => {
    await startBackend('tensorflow');
    const count = () => [tf.memory().numTensors, tf.backend().numDataIds()];
    for (const cell of [lstm, wideLstm, gru]) {
      const run = () => tf.tidy(() => void compute(cell, [2, 4], true));
      run();
      const before = count();
      run();
      expect(count()).toEqual(before);
    }
  });
});
