import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/errors.js';
import { createCell } from '../../src/recurrent/create-cell.js';
import { GruCell } from '../../src/recurrent/gru-cell.js';
import type { RecurrentCell, RecurrentState, RecurrentWeights } from '../../src/recurrent/recurrent-cell.js';
import { unroll } from '../../src/recurrent/unroll.js';
import { distance, goldenCases, goldenCell, goldenTensors } from './golden.js';

const cells: RecurrentCell[] = [
  createCell('rnn', 4),
  createCell('gru', 4),
  new GruCell(4, { resetAfter: false }),
  createCell('lstm', 4),
];
const nameOf = (cell: RecurrentCell) =>
  cell instanceof GruCell ? `gru (reset ${cell.resetAfter ? 'after' : 'before'})` : cell.kind;

function createWeights(cell: RecurrentCell, numFeatures: number, seed = 1): RecurrentWeights {
  const { kernel, recurrentKernel, bias } = cell.weightSpecs(numFeatures);
  return {
    kernel: tf.tensor2d(kernel.initialize(kernel.shape, seed), kernel.shape as [number, number]),
    recurrentKernel: tf.tensor2d(
      recurrentKernel.initialize(recurrentKernel.shape, seed + 1),
      recurrentKernel.shape as [number, number],
    ),
    bias: tf.randomUniform(bias.shape, -0.5, 0.5, 'float32', seed + 2),
  };
}

const sequence = (batchSize: number, numSteps: number, seed = 7) =>
  tf.randomNormal<tf.Rank.R3>([batchSize, numSteps, 3], 0, 1, 'float32', seed);

function expectClose(actual: tf.Tensor, expected: tf.Tensor, tolerance = 1e-5): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]).toBeLessThanOrEqual(tolerance);
}

describe.each(['wasm', 'cpu'])('unroll on %s', (backend) => {
  beforeAll(async () => {
    expect(await tf.setBackend(backend)).toBe(true);
  });

  it.each(goldenCases)('gives the outputs and final state of Keras: $name', (golden) => {
    const { weights, inputs, initialState } = goldenTensors(golden);
    const { outputs, finalState } = unroll(goldenCell(golden), weights, inputs, initialState);
    expect(distance(outputs, golden.outputs)).toBeLessThan(1e-5);
    expect(Object.keys(finalState).sort()).toEqual(Object.keys(golden.finalState).sort());
    for (const [name, array] of Object.entries(golden.finalState)) {
      expect(distance(finalState[name as keyof RecurrentState]!, array), name).toBeLessThan(1e-5);
    }
  });

  it.each(goldenCases)('gives the gradients of Keras: $name', (golden) => {
    const { weights, inputs, coefficients, initialState } = goldenTensors(golden);
    const stateNames = Object.keys(initialState);
    const loss = (...tensors: tf.Tensor[]): tf.Scalar => {
      const [kernel, recurrentKernel, bias, inputs, ...states] = tensors as [
        Tensor2D,
        Tensor2D,
        tf.Tensor,
        Tensor3D,
        ...Tensor2D[],
      ];
      const state = Object.fromEntries(stateNames.map((name, index) => [name, states[index]!]));
      const { outputs } = unroll(
        goldenCell(golden),
        { kernel, recurrentKernel, bias },
        inputs,
        state as RecurrentState,
      );
      return tf.sum(tf.mul(outputs, coefficients));
    };
    const { kernel, recurrentKernel, bias } = weights;
    const gradients = tf.grads(loss)([kernel, recurrentKernel, bias, inputs, ...Object.values(initialState)]);
    const names = ['kernel', 'recurrentKernel', 'bias', 'inputs', ...stateNames];
    expect(names.sort()).toEqual(Object.keys(golden.gradients).sort());
    ['kernel', 'recurrentKernel', 'bias', 'inputs', ...stateNames].forEach((name, index) => {
      expect(distance(gradients[index]!, golden.gradients[name]!), name).toBeLessThan(1e-5);
    });
  });
});

describe('unroll', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  describe.each(cells.map((cell) => ({ name: nameOf(cell), cell })))('$name', ({ cell }) => {
    it('gives the same in chunks as in one piece', () => {
      const weights = createWeights(cell, 3);
      const inputs = sequence(2, 11);
      const whole = unroll(cell, weights, inputs, cell.initialState(2));
      let state = cell.initialState(2);
      const pieces = [4, 1, 6].map((length, index) => {
        const begin = [0, 4, 5][index]!;
        const piece = unroll(cell, weights, tf.slice(inputs, [0, begin, 0], [2, length, 3]), state);
        state = piece.finalState;
        return piece.outputs;
      });
      expectClose(tf.concat(pieces, 1), whole.outputs);
      for (const name of cell.stateNames) expectClose(state[name]!, whole.finalState[name]!);
    });

    it('keeps the sequences of a batch apart', () => {
      const weights = createWeights(cell, 3);
      const inputs = sequence(3, 6);
      const { outputs } = unroll(cell, weights, inputs, cell.initialState(3));
      for (const lane of [0, 1, 2]) {
        const alone = unroll(cell, weights, tf.slice(inputs, lane, 1), cell.initialState(1));
        expectClose(alone.outputs, tf.slice(outputs, lane, 1), 1e-6);
      }
    });

    it('lets no step see a later one', () => {
      const weights = createWeights(cell, 3);
      const [inputs, other] = [sequence(1, 6), sequence(1, 6, 8)];
      const mixed = tf.concat([tf.slice(inputs, [0, 0, 0], [1, 4, 3]), tf.slice(other, [0, 4, 0])], 1);
      const a = unroll(cell, weights, inputs, cell.initialState(1)).outputs;
      const b = unroll(cell, weights, mixed, cell.initialState(1)).outputs;
      expectClose(tf.slice(a, [0, 0, 0], [1, 4, 4]), tf.slice(b, [0, 0, 0], [1, 4, 4]), 0);
      expect(tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]).toBeGreaterThan(1e-3);
    });

    it('stays finite over a thousand steps of large inputs, backwards too', () => {
      const weights = createWeights(cell, 3);
      const inputs = tf.mul<Tensor3D>(sequence(1, 1000), 20);
      const gradient = tf.grad((kernel: tf.Tensor) =>
        tf.sum(
          unroll(cell, { ...weights, kernel: kernel as Tensor2D }, inputs, cell.initialState(1)).outputs,
        ),
      )(weights.kernel);
      expect([...gradient.dataSync()].every(Number.isFinite)).toBe(true);
      expect(tf.max(tf.abs(gradient)).dataSync()[0]).toBeGreaterThan(0);
    });

    it('has the recurrent kernel gradient of a central difference', () => {
      const weights = createWeights(cell, 3);
      const inputs = sequence(2, 5);
      const loss = (recurrentKernel: tf.Tensor): tf.Scalar => {
        const changed = { ...weights, recurrentKernel: recurrentKernel as Tensor2D };
        return tf.sum(tf.square(unroll(cell, changed, inputs, cell.initialState(2)).outputs));
      };
      const gradient = tf.grad(loss)(weights.recurrentKernel).dataSync();
      const epsilon = 1e-2;
      for (const index of [0, 5, gradient.length - 1]) {
        const nudge = tf.tensor(
          Float32Array.from(gradient, (_, other) => (other === index ? epsilon : 0)),
          weights.recurrentKernel.shape,
        );
        const above = loss(tf.add(weights.recurrentKernel, nudge)).dataSync()[0]!;
        const below = loss(tf.sub(weights.recurrentKernel, nudge)).dataSync()[0]!;
        expect(Math.abs((above - below) / (2 * epsilon) - gradient[index]!)).toBeLessThan(2e-3);
      }
    });

    it('leaves no tensor behind but its results', () => {
      const weights = createWeights(cell, 3);
      const inputs = sequence(2, 5);
      const initialState = cell.initialState(2);
      const before = tf.memory().numTensors;
      for (let call = 0; call < 2; call++) {
        const unrolled = unroll(cell, weights, inputs, initialState);
        expect(tf.memory().numTensors).toBe(before + 1 + Object.keys(initialState).length);
        tf.dispose(unrolled);
        tf.dispose(
          tf.grad((kernel: tf.Tensor) =>
            tf.sum(unroll(cell, { ...weights, kernel: kernel as Tensor2D }, inputs, initialState).outputs),
          )(weights.kernel),
        );
        expect(tf.memory().numTensors).toBe(before);
      }
    });

    it('refuses inputs, weights and states that do not fit', () => {
      const weights = createWeights(cell, 3);
      const inputs = sequence(2, 5);
      const state = cell.initialState(2);
      const run = (changed: { weights?: RecurrentWeights; inputs?: tf.Tensor; state?: RecurrentState }) => {
        const inputsOrRank2 = (changed.inputs ?? inputs) as Tensor3D;
        return () => unroll(cell, changed.weights ?? weights, inputsOrRank2, changed.state ?? state);
      };
      expect(run({ inputs: tf.zeros([5, 3]) })).toThrow(ShapeError);
      expect(run({ inputs: tf.zeros([2, 0, 3]) })).toThrow(/time/);
      expect(run({ inputs: tf.zeros([2, 5, 4]) })).toThrow(/kernel.*\[4, \d+\].*\[3, \d+\]/);
      expect(run({ weights: { ...weights, bias: tf.zeros([5]) } })).toThrow(/The bias/);
      expect(run({ weights: { ...weights, recurrentKernel: tf.zeros([4, 5]) } })).toThrow(
        /The recurrentKernel/,
      );
      expect(run({ state: cell.initialState(3) })).toThrow(/initial hiddenState.*\[2, 4\].*\[3, 4\]/);
    });
  });

  it.each(['rnn', 'gru', 'lstm'] as const)('refuses a %s of no units, or of half a unit', (kind) => {
    expect(() => createCell(kind, 0)).toThrow(ShapeError);
    expect(() => createCell(kind, 1.5)).toThrow(/1\.5/);
  });
});
