import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ShapeError } from '../../../src/errors.js';
import { createCell } from '../../../src/recurrent/cells/create-cell.js';
import { GruCell } from '../../../src/recurrent/cells/gru-cell.js';
import type { RecurrentCell, RecurrentState, RecurrentWeights } from '../../../src/recurrent/contract.js';
import { step, unroll } from '../../../src/recurrent/unroll.js';

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

function cellLike(cell: RecurrentCell, units: number): RecurrentCell {
  return cell instanceof GruCell ? new GruCell(units, cell) : createCell(cell.kind, units);
}

const sequence = (batchSize: number, numSteps: number, seed = 7) =>
  tf.randomNormal<tf.Rank.R3>([batchSize, numSteps, 3], 0, 1, 'float32', seed);

function expectClose(actual: tf.Tensor, expected: tf.Tensor, tolerance = 1e-5): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]).toBeLessThanOrEqual(tolerance);
}

describe('unroll', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  describe.each(cells.map((cell) => ({ name: nameOf(cell), cell })))('$name', ({ cell }) => {
    it('gives the same result in chunks as in one piece', () => {
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

    it('advances step by step to the same outputs, as a stream does', () => {
      const weights = createWeights(cell, 3);
      const inputs = sequence(2, 5);
      const { outputs } = unroll(cell, weights, inputs, cell.initialState(2));
      let state = cell.initialState(2);
      for (let time = 0; time < 5; time++) {
        const input = tf.reshape<tf.Rank.R2>(tf.slice(inputs, [0, time, 0], [2, 1, 3]), [2, 3]);
        state = step(cell, weights, input, state);
        expectClose(state.hiddenState, tf.squeeze(tf.slice(outputs, [0, time, 0], [2, 1, 4]), [1]), 1e-6);
      }
    });

    it('carries the state over steps that the mask leaves out', () => {
      const weights = createWeights(cell, 3);
      const inputs = sequence(1, 6);
      const mask = tf.tensor2d([[0, 1, 1, 0, 1, 0]], [1, 6], 'bool');
      const { outputs, finalState } = unroll(cell, weights, inputs, cell.initialState(1), { mask });
      const kept = tf.gather(inputs, [1, 2, 4], 1);
      const alone = unroll(cell, weights, kept, cell.initialState(1));
      expectClose(tf.gather(outputs, [1, 2, 4], 1), alone.outputs, 1e-6);
      expectClose(tf.gather(outputs, [3, 5], 1), tf.gather(alone.outputs, [1, 2], 1), 1e-6);
      for (const name of cell.stateNames) {
        expectClose(finalState[name]!, alone.finalState[name]!, 1e-6);
      }
    });

    it('runs backwards like forwards over a reversed sequence', () => {
      const weights = createWeights(cell, 3);
      const inputs = sequence(2, 6);
      // Not bool: reversing that corrupts memory in the WebAssembly backend (TensorFlow.js 4.22).
      const mask = tf.tensor2d([1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0], [2, 6]);
      const backwards = unroll(cell, weights, inputs, cell.initialState(2), { mask, isReversed: true });
      const mirrored = unroll(cell, weights, tf.reverse(inputs, 1), cell.initialState(2), {
        mask: tf.reverse(mask, 1),
      });
      expectClose(backwards.outputs, tf.reverse(mirrored.outputs, 1), 1e-6);
      for (const name of cell.stateNames) {
        expectClose(backwards.finalState[name]!, mirrored.finalState[name]!, 1e-6);
      }
    });

    it('multiplies the hidden state by the recurrent mask in the products only', () => {
      const weights = createWeights(cell, 3);
      const inputs = sequence(2, 5);
      const factors = tf.tensor2d([2, 0, 2, 0], [1, 4]);
      const masked = unroll(cell, weights, inputs, cell.initialState(2), {
        recurrentMask: tf.tile(factors, [2, 1]),
      });
      const scaled = {
        ...weights,
        recurrentKernel: tf.mul<Tensor2D>(weights.recurrentKernel, tf.reshape(factors, [4, 1])),
      };
      expectClose(masked.outputs, unroll(cell, scaled, inputs, cell.initialState(2)).outputs, 1e-6);
    });

    it('takes one step of one sequence with one unit', () => {
      const one = cellLike(cell, 1);
      const weights = createWeights(one, 1);
      const { outputs, finalState } = unroll(one, weights, tf.ones([1, 1, 1]), one.initialState(1));
      expect(outputs.shape).toEqual([1, 1, 1]);
      expectClose(tf.reshape(outputs, [1, 1]), finalState.hiddenState, 0);
      const gradient = tf.grad((inputs: tf.Tensor) =>
        tf.sum(unroll(one, weights, inputs as Tensor3D, one.initialState(1)).outputs),
      )(tf.ones([1, 1, 1]));
      expect(Math.abs(gradient.dataSync()[0]!)).toBeGreaterThan(0);
    });

    it('has the same gradient for an input, whichever other gradients are requested', () => {
      const weights = createWeights(cell, 3);
      const inputs = sequence(2, 5);
      const loss = (kernel: tf.Tensor, recurrentKernel: tf.Tensor, bias: tf.Tensor, inputs: tf.Tensor) => {
        const tensors = { kernel: kernel as Tensor2D, recurrentKernel: recurrentKernel as Tensor2D, bias };
        return tf.sum(tf.square(unroll(cell, tensors, inputs as Tensor3D, cell.initialState(2)).outputs));
      };
      const values = [weights.kernel, weights.recurrentKernel, weights.bias, inputs];
      const together = tf.grads(loss)(values);
      values.forEach((value, index) => {
        const alone = tf.grad((x: tf.Tensor) => {
          const [a, b, c, d] = values.with(index, x) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
          return loss(a, b, c, d);
        })(value);
        expectClose(alone, together[index]!, 0);
      });
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

    it('leaks no tensor besides its results', () => {
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
      expect(run({ state: {} as RecurrentState })).toThrow(
        /initial hiddenState: expected \[2, 4\], received none/,
      );
      const masked = (mask: Tensor2D) => () => unroll(cell, weights, inputs, state, { mask });
      expect(masked(tf.ones([2, 6]))).toThrow(/mask of a recurrence: expected \[2, 5\], received \[2, 6\]/);
      expect(() => unroll(cell, weights, inputs, state, { recurrentMask: tf.ones([2, 3]) })).toThrow(
        /recurrent mask: expected \[2, 4\], received \[2, 3\]/,
      );
      expect(() => step(cell, weights, tf.ones<tf.Rank.R1>([3]) as tf.Tensor as Tensor2D, state)).toThrow(
        /input of a recurrent step: expected \[batch, features\], received \[3\]/,
      );
    });
  });

  it('follows the equations in float64 for a thousand steps', () => {
    const cell = createCell('lstm', 2);
    const weights = createWeights(cell, 3);
    const inputs = sequence(1, 1000);
    const { outputs, finalState } = unroll(cell, weights, inputs, cell.initialState(1));
    const [kernel, recurrentKernel, bias, x] = [
      weights.kernel,
      weights.recurrentKernel,
      weights.bias,
      inputs,
    ].map((tensor) => Float64Array.from(tensor.dataSync())) as [Float64Array, ...Float64Array[]];
    let [hidden, memory] = [
      [0, 0],
      [0, 0],
    ];
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    for (let time = 0; time < 1000; time++) {
      const sum = (column: number) =>
        bias![column]! +
        [0, 1, 2].reduce((sum, row) => sum + x![3 * time + row]! * kernel[8 * row + column]!, 0) +
        [0, 1].reduce((sum, row) => sum + hidden[row]! * recurrentKernel![8 * row + column]!, 0);
      const steps = [0, 1].map((unit) => {
        const [i, f, o] = [sigmoid(sum(unit)), sigmoid(sum(2 + unit)), sigmoid(sum(6 + unit))];
        const next = f * memory[unit]! + i * Math.tanh(sum(4 + unit));
        return { memory: next, hidden: o * Math.tanh(next) };
      });
      hidden = steps.map(({ hidden }) => hidden);
      memory = steps.map(({ memory }) => memory);
    }
    expect(Math.max(...memory.map(Math.abs))).toBeGreaterThan(0.01);
    expectClose(tf.slice(outputs, [0, 999, 0]), tf.tensor3d([[hidden]]), 2e-6);
    expectClose(finalState.cellState!, tf.tensor2d([memory]), 2e-6);
  });

  it.each(['rnn', 'gru', 'lstm'] as const)('refuses a %s of no units, or of half a unit', (kind) => {
    expect(() => createCell(kind, 0)).toThrow(ShapeError);
    expect(() => createCell(kind, 1.5)).toThrow(/1\.5/);
  });
});
