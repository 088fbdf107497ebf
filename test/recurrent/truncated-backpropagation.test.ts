import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { LstmCell } from '../../src/recurrent/cells/lstm-cell.js';
import {
  truncatedBackpropagation,
  type TruncatedBackpropagationOptions,
} from '../../src/recurrent/truncated-backpropagation.js';
import { unroll } from '../../src/recurrent/unroll.js';
import { BACKENDS } from './backends.js';

const INPUTS = [0.5, -1, 0.3, 0.8, -0.2, 1, -0.7, 0.4, 0.1, -0.9, 0.6];
const NUM_STEPS = INPUTS.length;
const INITIAL = 0.25;
/** Input weight, recurrent weight. */
type Weights = [number, number];
const WEIGHTS: Weights = [0.7, 0.9];

/**
 * One unit, h' = tanh(w·x + u·h), in float64: the reference for everything below.
 *
 * @returns The sum of (h' − 0.3)² over the steps that count, and the last state.
 */
function runUnit([w, u]: Weights, start: number, end: number, state: number, lossStart = start) {
  let loss = 0;
  for (let step = start; step < end; step++) {
    state = Math.tanh(w * INPUTS[step]! + u * state);
    if (step >= lossStart) loss += (state - 0.3) ** 2;
  }
  return { loss, state };
}

/** Central differences of the loss by both weights; the state before the window is a constant. */
function differences(windowStart: number, lossStart: number, end: number): Weights {
  const state = runUnit(WEIGHTS, 0, windowStart, INITIAL).state;
  const lossAt = (w: number, u: number) => runUnit([w, u], windowStart, end, state, lossStart).loss;
  const [w, u] = WEIGHTS;
  const step = 1e-5;
  return [
    (lossAt(w + step, u) - lossAt(w - step, u)) / (2 * step),
    (lossAt(w, u + step) - lossAt(w, u - step)) / (2 * step),
  ];
}

/** The same unit on the backend. The caller disposes the variables. */
function createUnit() {
  const variables = WEIGHTS.map((weight) => tf.variable(tf.scalar(weight)));
  const [w, u] = variables as [tf.Variable, tf.Variable];
  const forward = (start: number, end: number, initial: Scalar) => {
    let [state, loss] = [initial, tf.scalar(0)];
    for (let step = start; step < end; step++) {
      state = tf.tanh(tf.add<Scalar>(tf.mul(w, INPUTS[step]!), tf.mul(u, state)));
      loss = tf.add(loss, tf.square(tf.sub(state, 0.3)));
    }
    return { loss, state };
  };
  return { variables, forward };
}

/** Walks the unit's sequence and reads all that it gives. */
async function walkUnit(chunkLength: number, gradientLength?: number) {
  const { variables, forward } = createUnit();
  const initialState = tf.scalar(INITIAL);
  const chunks = [];
  for await (const { start, end, loss, gradients, state } of truncatedBackpropagation({
    numSteps: NUM_STEPS,
    chunkLength,
    ...(gradientLength === undefined ? {} : { gradientLength }),
    initialState,
    variables,
    forward,
  })) {
    const values = variables.map(({ name }) => gradients[name]!.dataSync()[0]!) as Weights;
    chunks.push({ start, end, loss, gradients: values, state: state.dataSync()[0]! });
    tf.dispose(gradients);
  }
  expect(initialState.isDisposed).toBe(false);
  tf.dispose([variables, initialState]);
  return chunks;
}

describe.each(BACKENDS)('truncatedBackpropagation on %s', (backend) => {
  beforeAll(async () => {
    expect(await tf.setBackend(backend)).toBe(true);
  });

  // 11 steps: the last chunk is shorter than the others, except for chunks of 1 and 11.
  it.each([
    ['k1 = k2', 4, undefined],
    ['k1 = k2 = 1', 1, 1],
    ['k1 = k2, the whole', 11, undefined],
    ['k1 = k2, more than the whole', 20, undefined],
    ['k2 = 2·k1', 3, 6],
    ['k2 = 4·k1', 1, 4],
    ['k2 more than the whole', 5, 20],
    ['k2 < k1', 4, 1],
    ['k2 < k1, the last chunk no longer than k2', 8, 3],
  ])('stops the gradient k2 steps before the end of a chunk: %s', async (_, k1, given) => {
    const k2 = given ?? k1;
    const chunks = await walkUnit(k1, given);
    expect(chunks.map(({ start }) => start)).toEqual(
      Array.from({ length: Math.ceil(NUM_STEPS / k1) }, (_, index) => index * k1),
    );
    for (const { start, end, loss, gradients, state } of chunks) {
      expect(end).toBe(Math.min(start + k1, NUM_STEPS));
      // A window ends where a whole chunk would, unless k2 < k1, when it ends with the chunk.
      const windowStart = k2 < k1 ? Math.max(start, end - k2) : Math.max(0, start + k1 - k2);
      const lossStart = Math.max(start, windowStart);
      const uncut = runUnit(WEIGHTS, 0, end, INITIAL, lossStart);
      expect(state).toBeCloseTo(uncut.state, 6);
      expect(loss).toBeCloseTo(uncut.loss, 5);
      differences(windowStart, lossStart, end).forEach((expected, index) =>
        expect(gradients[index]).toBeCloseTo(expected, 5),
      );
    }
  });

  it('cuts off something: shorter gradients are other gradients', async () => {
    const [whole] = await walkUnit(11);
    const sums = (await walkUnit(1)).reduce((sum, { gradients }) => sum + gradients[1], 0);
    expect(Math.abs(sums - whole!.gradients[1])).toBeGreaterThan(0.01);
  });

  it('runs the steps of a context again with the current variables', async () => {
    const { variables, forward } = createUnit();
    const initialState = tf.scalar(INITIAL);
    const calls: [number, number][] = [];
    const after: number[] = [];
    const chunks = truncatedBackpropagation({
      numSteps: 6,
      chunkLength: 2,
      gradientLength: 4,
      initialState,
      variables,
      forward: (start, end, state: Scalar) => {
        calls.push([start, end]);
        return forward(start, end, state);
      },
    });
    for await (const { gradients, state } of chunks) {
      after.push(state.dataSync()[0]!);
      variables[0]!.assign(tf.scalar(-WEIGHTS[0]));
      tf.dispose(gradients);
    }
    expect(calls).toEqual([[0, 2], [0, 2], [2, 4], [2, 4], [4, 6]]); // prettier-ignore
    const changed: Weights = [-WEIGHTS[0], WEIGHTS[1]];
    // The second chunk begins anew at step 0, the third where the first ended.
    expect(after[0]).toBeCloseTo(runUnit(WEIGHTS, 0, 2, INITIAL).state, 6);
    expect(after[1]).toBeCloseTo(runUnit(changed, 0, 4, INITIAL).state, 6);
    expect(after[2]).toBeCloseTo(runUnit(changed, 2, 6, after[0]!).state, 6);
    tf.dispose([variables, initialState]);
  });

  it('trains an LSTM: one chunk has the full gradient, and many chunks end in the same state', async () => {
    const lstm = createLstm(7);
    const plain = tf.variableGrads(
      () => lstm.forward(0, 7, lstm.initialState).loss,
      Object.values(lstm.weights),
    );
    const uncut = unroll(lstm.cell, lstm.weights, lstm.inputs, lstm.initialState).finalState;
    for (const chunkLength of [7, 2]) {
      let end = 0;
      for await (const chunk of truncatedBackpropagation({ ...lstm.options, chunkLength })) {
        end = chunk.end;
        if (chunkLength === 7) {
          expect(chunk.loss).toBeCloseTo(plain.value.dataSync()[0]!, 5);
          expect(Object.keys(chunk.gradients)).toEqual(Object.keys(plain.grads));
          for (const [name, gradient] of Object.entries(plain.grads)) {
            expect(distance(chunk.gradients[name]!, gradient), name).toBeLessThan(1e-5);
          }
        }
        if (end === 7) {
          expect(distance(chunk.state.hiddenState, uncut.hiddenState)).toBeLessThan(1e-6);
          expect(distance(chunk.state.cellState, uncut.cellState)).toBeLessThan(1e-6);
        }
        tf.dispose(chunk.gradients);
      }
      expect(end).toBe(7);
    }
  });

  describe('leaves no tensor behind', () => {
    const lengths = [
      [2, 2],
      [2, 4],
      [3, 1],
    ] as const;

    it.each(lengths)(
      'at the end of the sequence, k1 = %i and k2 = %i',
      async (chunkLength, gradientLength) => {
        const { options } = createLstm(7);
        const before = tf.memory().numTensors;
        for (let walk = 0; walk < 2; walk++) {
          const chunks = truncatedBackpropagation({ ...options, chunkLength, gradientLength });
          for await (const { gradients } of chunks) tf.dispose(gradients);
          expect(tf.memory().numTensors).toBe(before);
        }
      },
    );

    it.each(lengths)('when the loop breaks off, k1 = %i and k2 = %i', async (chunkLength, gradientLength) => {
      const { options } = createLstm(7);
      const before = tf.memory().numTensors;
      for await (const { end, gradients } of truncatedBackpropagation({
        ...options,
        chunkLength,
        gradientLength,
      })) {
        tf.dispose(gradients);
        if (end >= 4) break;
      }
      expect(tf.memory().numTensors).toBe(before);
    });

    it('when the forward pass or the gradient fails, or nobody looks', async () => {
      const { options } = createLstm(7);
      const unrelated = tf.variable(tf.scalar(1));
      const before = tf.memory().numTensors;
      const failing = {
        ...options,
        forward: (start: number, end: number, state: typeof options.initialState) => {
          if (start > 0) throw new Error('no more');
          return options.forward(start, end, state);
        },
      };
      const walk = async (walked: typeof options) => {
        for await (const { gradients } of truncatedBackpropagation(walked)) tf.dispose(gradients);
      };
      await expect(walk({ ...failing, chunkLength: 2 })).rejects.toThrow('no more');
      await expect(walk({ ...options, variables: [unrelated] })).rejects.toThrow('connection');
      truncatedBackpropagation(options);
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});

describe('the lengths of truncatedBackpropagation', () => {
  it.each([
    [{ numSteps: 0 }, 'numSteps is 0'],
    [{ chunkLength: 0 }, 'chunkLength is 0'],
    [{ chunkLength: 1.5 }, 'chunkLength is 1.5'],
    [{ gradientLength: -1 }, 'gradientLength is -1'],
    [{ gradientLength: NaN }, 'gradientLength is NaN'],
    [
      { chunkLength: 4, gradientLength: 6 },
      'gradientLength is 6. Expected a multiple of chunkLength (4), or less than it.',
    ],
  ])('are refused at once: %o', (lengths, message) => {
    const options = {
      numSteps: 8,
      chunkLength: 2,
      initialState: {},
      variables: [],
      forward: () => expect.unreachable(),
    };
    expect(() => truncatedBackpropagation({ ...options, ...lengths })).toThrow(UsageError);
    expect(() => truncatedBackpropagation({ ...options, ...lengths })).toThrow(message);
  });
});

/** A small LSTM, and the sum of its squared outputs as loss. */
function createLstm(numSteps: number) {
  const cell = new LstmCell(3);
  const specs = cell.weightSpecs(2);
  const create = (name: keyof typeof specs) =>
    tf.variable(tf.tensor(specs[name].initialize(specs[name].shape, 5), specs[name].shape));
  const weights = {
    kernel: create('kernel') as tf.Variable<tf.Rank.R2>,
    recurrentKernel: create('recurrentKernel') as tf.Variable<tf.Rank.R2>,
    bias: create('bias'),
  };
  const inputs = tf.randomNormal<tf.Rank.R3>([2, numSteps, 2], 0, 1, 'float32', 3);
  const initialState = {
    hiddenState: tf.fill<tf.Rank.R2>([2, 3], 0.2),
    cellState: tf.fill<tf.Rank.R2>([2, 3], -0.3),
  };
  const forward = (start: number, end: number, state: typeof initialState) => {
    const steps = tf.slice<tf.Rank.R3, Tensor3D>(inputs, [0, start, 0], [2, end - start, 2]);
    const { outputs, finalState } = unroll(cell, weights, steps, state);
    return { loss: tf.sum<Scalar>(tf.square(outputs)), state: finalState };
  };
  const options = {
    numSteps,
    chunkLength: numSteps,
    initialState,
    variables: Object.values(weights) as tf.Variable[],
    forward,
  } satisfies TruncatedBackpropagationOptions<{ hiddenState: Tensor2D; cellState: Tensor2D }>;
  return { cell, weights, inputs, initialState, forward, options };
}

function distance(a: tf.Tensor, b: tf.Tensor): number {
  return tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!);
}
