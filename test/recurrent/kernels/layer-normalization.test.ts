import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  GruCell,
  lstm,
  LstmCell,
  RnnCell,
  unroll,
  type RecurrentCell,
  type RecurrentWeights,
  type Unrolled,
  type UnrollOptions,
} from '../../../src/recurrent/index.js';
import { BACKENDS } from '../backends.js';
import { random } from '../layers/layer-helpers.js';

const UNITS = 4;
const [BATCH, TIME, FEATURES] = [2, 5, 3];

const EVERY_STEP = [
  [1, 1, 1, 1, 1],
  [1, 1, 1, 1, 1],
];
const SOME_STEPS = [
  [0, 1, 1, 0, 1],
  [1, 1, 1, 0, 0],
];

/** Vectors of float64. */
type Vector = number[];

const add = (...vectors: Vector[]) =>
  vectors[0]!.map((_, i) => vectors.reduce((sum, vector) => sum + vector[i]!, 0));
const mul = (a: Vector, b: Vector) => a.map((value, i) => value * b[i]!);
const mix = (z: Vector, a: Vector, b: Vector) => z.map((share, i) => share * a[i]! + (1 - share) * b[i]!);
const sigmoid = (x: Vector) => x.map((value) => 1 / (1 + Math.exp(-value)));
const tanh = (x: Vector) => x.map(Math.tanh);
const times = (x: Vector, kernel: Vector[]) =>
  kernel[0]!.map((_, column) => x.reduce((sum, value, row) => sum + value * kernel[row]![column]!, 0));
const blocks = (x: Vector) =>
  Array.from({ length: x.length / UNITS }, (_, i) => x.slice(i * UNITS, (i + 1) * UNITS));
const columns = (kernel: Vector[], from: number, to?: number) => kernel.map((row) => row.slice(from, to));

/** Zero mean and unit variance, with 0.001 added to the variance. */
function normalized(x: Vector): Vector {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map((value) => (value - mean) / Math.sqrt(variance + 1e-3));
}

interface Weights {
  kernel: Vector[];
  recurrentKernel: Vector[];
  bias: Vector[];
  gain: Vector[];
}

/** One step by the equations, on one sequence, of a state that an LSTM has two of: `[h, c]`. */
type Step = (x: Vector, state: Vector[], weights: Weights) => Vector[];

const rnnStep: Step = (x, [h], { kernel, recurrentKernel, bias, gain }) => [
  tanh(
    add(
      mul(normalized(times(x, kernel)), gain[0]!),
      mul(normalized(times(h!, recurrentKernel)), gain[1]!),
      bias[0]!,
    ),
  ),
];

const lstmStep: Step = (x, [h, c], { kernel, recurrentKernel, bias, gain }) => {
  const [i, f, g, o] = blocks(
    add(
      mul(normalized(times(x, kernel)), gain[0]!),
      mul(normalized(times(h!, recurrentKernel)), gain[1]!),
      bias[0]!,
    ),
  ) as [Vector, Vector, Vector, Vector];
  const next = add(mul(sigmoid(f), c!), mul(sigmoid(i), tanh(g)));
  return [mul(sigmoid(o), tanh(next)), next];
};

const gruAfterStep: Step = (x, [h], { kernel, recurrentKernel, bias, gain }) => {
  const [zx, rx, nx] = blocks(add(mul(normalized(times(x, kernel)), gain[0]!), bias[0]!));
  const [zh, rh, nh] = blocks(add(mul(normalized(times(h!, recurrentKernel)), gain[1]!), bias[1]!));
  const n = tanh(add(nx!, mul(sigmoid(add(rx!, rh!)), nh!)));
  return [mix(sigmoid(add(zx!, zh!)), h!, n)];
};

const gruBeforeStep: Step = (x, [h], { kernel, recurrentKernel, bias, gain }) => {
  const [zx, rx, nx] = blocks(add(mul(normalized(times(x, kernel)), gain[0]!), bias[0]!));
  const gates = normalized(times(h!, columns(recurrentKernel, 0, 2 * UNITS)));
  const [zh, rh] = blocks(mul(gates, gain[1]!.slice(0, 2 * UNITS)));
  const reset = mul(sigmoid(add(rx!, rh!)), h!);
  const candidate = normalized(times(reset, columns(recurrentKernel, 2 * UNITS)));
  const n = tanh(add(nx!, mul(candidate, gain[1]!.slice(2 * UNITS))));
  return [mix(sigmoid(add(zx!, zh!)), h!, n)];
};

const cells: { name: string; cell: RecurrentCell; step: Step }[] = [
  { name: 'rnn', cell: new RnnCell(UNITS), step: rnnStep },
  { name: 'gru, reset after', cell: new GruCell(UNITS), step: gruAfterStep },
  { name: 'gru, reset before', cell: new GruCell(UNITS, { resetAfter: false }), step: gruBeforeStep },
  { name: 'lstm', cell: new LstmCell(UNITS), step: lstmStep },
];

/** Weights, inputs and initial states with values of their own; gains around one. */
function createTensors(cell: RecurrentCell) {
  const { kernel, recurrentKernel, bias } = cell.weightSpecs(FEATURES);
  return {
    kernel: random(kernel.shape, 1),
    recurrentKernel: random(recurrentKernel.shape, 2),
    bias: tf.mul(random(bias.shape, 3), 0.3),
    gain: tf.add(1, tf.mul(random([2, cell.numGates * UNITS], 4), 0.3)),
    inputs: random([BATCH, TIME, FEATURES], 5),
    ...Object.fromEntries(cell.stateNames.map((name, index) => [name, random([BATCH, UNITS], 6 + index)])),
  } as Record<string, tf.Tensor>;
}

function run(cell: RecurrentCell, tensors: Record<string, tf.Tensor>, options: UnrollOptions = {}) {
  const { kernel, recurrentKernel, bias, gain, inputs, ...state } = tensors as RecurrentWeights & {
    inputs: Tensor3D;
  };
  return unroll(
    cell,
    { kernel, recurrentKernel, bias, gain: gain! },
    inputs,
    state as { hiddenState: Tensor2D },
    options,
  );
}

/** The same in float64: outputs `[batch][time][units]`. */
function runByEquations(
  { cell, step }: (typeof cells)[number],
  tensors: Record<string, tf.Tensor>,
  { mask, isReversed }: { mask: number[][]; isReversed: boolean },
) {
  const rows = (name: string) => {
    const values = tensors[name]!.arraySync() as Vector | Vector[];
    return (Array.isArray(values[0]) ? values : [values]) as Vector[];
  };
  const weights: Weights = {
    kernel: rows('kernel'),
    recurrentKernel: rows('recurrentKernel'),
    bias: rows('bias'),
    gain: rows('gain'),
  };
  const inputs = tensors.inputs!.arraySync() as Vector[][];
  return inputs.map((sequence, lane) => {
    let state = cell.stateNames.map((name) => rows(name)[lane]!);
    const outputs = sequence.map((): Vector => []);
    const order = sequence.map((_, time) => (isReversed ? TIME - 1 - time : time));
    for (const time of order) {
      if (mask[lane]![time]) state = step(sequence[time]!, state, weights);
      outputs[time] = state[0]!;
    }
    return { outputs, state };
  });
}

describe.each(BACKENDS)('layer normalization on %s', (backend) => {
  beforeAll(async () => {
    expect(await tf.setBackend(backend)).toBe(true);
  });

  describe.each(cells)('$name', (subject) => {
    const { cell } = subject;

    it.each([
      { isReversed: false, mask: undefined },
      { isReversed: true, mask: undefined },
      { isReversed: false, mask: SOME_STEPS },
      { isReversed: true, mask: SOME_STEPS },
    ])(
      'follows its equations in float64; backwards in time: $isReversed, mask: $mask',
      ({ isReversed, mask }) => {
        const tensors = createTensors(cell);
        const expected = runByEquations(subject, tensors, {
          isReversed,
          mask: mask ?? EVERY_STEP,
        });
        const { outputs, finalState }: Unrolled = run(cell, tensors, {
          isReversed,
          mask: mask && tf.tensor2d(mask, [BATCH, TIME], 'bool'),
        });
        const expectNear = (actual: tf.Tensor, values: Vector) => {
          expect(actual.size).toBe(values.length);
          expect(
            Math.max(...actual.dataSync().map((value, index) => Math.abs(value - values[index]!))),
          ).toBeLessThan(3e-6);
        };
        expectNear(
          outputs,
          expected.flatMap(({ outputs }) => outputs.flat()),
        );
        cell.stateNames.forEach((name, index) => {
          expectNear(
            finalState[name]!,
            expected.flatMap(({ state }) => state[index]!),
          );
        });
      },
    );

    it('has gradients equal to central differences', () => {
      const tensors = createTensors(cell);
      const names = Object.keys(tensors);
      const mask = tf.tensor2d([0, 1, 1, 0, 1, 1, 1, 1, 0, 0], [BATCH, TIME], 'bool');
      const weighting = random([BATCH, TIME, UNITS], 9);
      const loss = (...values: tf.Tensor[]) => {
        const named = Object.fromEntries(names.map((name, index) => [name, values[index]!]));
        return tf.sum<tf.Scalar>(tf.mul(run(cell, named, { mask, isReversed: true }).outputs, weighting));
      };
      const values = Object.values(tensors);
      const gradients = tf.grads(loss)(values);
      values.forEach((value, which) => {
        const gradient = gradients[which]!;
        /** Slope of the loss along a direction of length one. */
        const slope = (direction: tf.Tensor) => {
          const nudge = tf.mul(direction, 5e-3);
          const [above, below] = [tf.add(value, nudge), tf.sub(value, nudge)].map(
            (nudged) => loss(...values.with(which, nudged)).dataSync()[0]!,
          ) as [number, number];
          return (above - below) / 1e-2;
        };
        // Along the gradient, where all of it counts, and along single axes, where each number does.
        const length = tf.norm(gradient).dataSync()[0]!;
        expect(length, names[which]).toBeGreaterThan(0.01);
        const alongGradient = slope(tf.div(gradient, length));
        expect(Math.abs(alongGradient - length) / Math.max(1, length), names[which]).toBeLessThan(4e-3);
        const numbers = gradient.dataSync<'float32'>();
        for (const index of [0, numbers.length - 1]) {
          const axis = numbers.map((_, other) => (other === index ? 1 : 0));
          const alongAxis = slope(tf.tensor(axis, value.shape));
          expect(Math.abs(alongAxis - numbers[index]!), names[which]).toBeLessThan(4e-3);
        }
      });
    });
  });
});

describe('a layer with layer normalization', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  it('has gains of one, stored last, and does not depend on the scale of its inputs', () => {
    const layer = lstm({ units: UNITS, layerNormalization: true, name: 'normalized' });
    const inputs = tf.mul(random([BATCH, TIME, FEATURES]), 100);
    const outputs = layer.apply(inputs) as tf.Tensor;
    const gain = layer.weights.at(-1)!;
    expect(gain.originalName).toBe('normalized/gain');
    expect([...gain.read().dataSync()]).toEqual(Array(8 * UNITS).fill(1));
    const louder = layer.apply(tf.mul(inputs, 100)) as tf.Tensor;
    expect(tf.max(tf.abs(tf.sub(outputs, louder))).dataSync()[0]).toBeLessThan(1e-5);
    layer.step(tf.ones([1, FEATURES]));
  });
});
