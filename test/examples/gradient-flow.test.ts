import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawFlow } from '../../examples/gradient-flow/draw-flow.js';
import { explainFlow, factorPerStep } from '../../examples/gradient-flow/explain-flow.js';
import { stateDerivatives, type Recurrence } from '../../examples/gradient-flow/jacobians.js';
import { Matrix } from '../../examples/gradient-flow/matrix.js';
import { createWeights, measureFlow } from '../../examples/gradient-flow/measure-flow.js';
import { createCell } from '../../src/recurrent/cells/create-cell.js';
import type { RecurrentCell, RecurrentState } from '../../src/recurrent/contract.js';
import { RnnCell } from '../../src/recurrent/cells/rnn-cell.js';
import { step } from '../../src/recurrent/unroll.js';
import { startBackend } from '../../src/runtime/backend.js';

const KINDS = ['rnn', 'gru', 'lstm'] as const;
const SETTINGS = { units: 4, numFeatures: 2, numSteps: 10, inputDeviation: 0.5, maxNorm: 1, seed: 1 };

beforeAll(async () => {
  await startBackend('cpu');
});

function createRecurrence(cell: RecurrentCell, radius: number, numSteps: number): Recurrence {
  return {
    cell,
    weights: createWeights(cell, 2, radius, 3),
    inputs: tf.randomNormal([1, numSteps, 2], 0, 1, 'float32', 5),
    initialState: Object.fromEntries(
      cell.stateNames.map((name, index) => [
        name,
        tf.randomNormal([1, cell.units], 0, 0.5, 'float32', 7 + index),
      ]),
    ) as RecurrentState,
  };
}

describe('Matrix', () => {
  it('has a spectral norm: its largest singular value', () => {
    expect(new Matrix(2, 2, Float64Array.of(3, 0, 4, 5)).norm()).toBeCloseTo(Math.sqrt(45), 5);
    expect(new Matrix(2, 3, Float64Array.of(0, 2, 0, -7, 0, 0)).norm()).toBeCloseTo(7, 5);
    expect(Matrix.identity(5).norm()).toBeCloseTo(1, 6);
    expect(new Matrix(2, 2).norm()).toBe(0);
  });

  it.each([1e-120, 1e120])('has one at a scale of %d too', (scale) => {
    const values = Float64Array.of(3, 0, 4, 5).map((value) => value * scale);
    expect(new Matrix(2, 2, values).norm() / scale).toBeCloseTo(Math.sqrt(45), 5);
  });
});

describe('stateDerivatives', () => {
  it.each(KINDS)('are the finite differences of h_T by each number of an earlier state: %s', (kind) => {
    const [units, numSteps, size] = [3, 5, 0.01];
    const recurrence = createRecurrence(createCell(kind, units), 1.1, numSteps);
    const { cell, weights, inputs } = recurrence;
    const derivatives = stateDerivatives(recurrence);
    expect(derivatives).toHaveLength(numSteps + 1);
    const inputAt = (t: number) => tf.reshape<tf.Rank.R2>(tf.slice(inputs, [0, t, 0], [1, 1, 2]), [1, 2]);
    /** h_T, from a state after step t. */
    const finish = (state: RecurrentState, t: number) => {
      for (; t < numSteps; t++) state = step(cell, weights, inputAt(t), state);
      return state.hiddenState.dataSync();
    };
    let state = recurrence.initialState;
    for (let t = 0; t <= numSteps; t++) {
      for (const name of cell.stateNames) {
        for (let unit = 0; unit < units; unit++) {
          const change = tf.oneHot(tf.tensor1d([unit], 'int32'), units, size, 0) as tf.Tensor2D;
          const above = finish({ ...state, [name]: tf.add(state[name]!, change) }, t);
          const below = finish({ ...state, [name]: tf.sub(state[name]!, change) }, t);
          above.forEach((value, output) => {
            const difference = (value - below[output]!) / (2 * size);
            expect(derivatives[t]![name]!.values[output * units + unit]).toBeCloseTo(difference, 3);
          });
        }
      }
      if (t < numSteps) state = step(cell, weights, inputAt(t), state);
    }
  });

  it.each([0.5, 1, 2])('of a linear RNN have the norm radius^(T−t), at a radius of %d', (radius) => {
    const numSteps = 30;
    const recurrence = createRecurrence(new RnnCell(6, { activation: 'linear' }), radius, numSteps);
    stateDerivatives(recurrence).forEach(({ hiddenState }, t) => {
      expect(hiddenState.norm() / radius ** (numSteps - t)).toBeCloseTo(1, 4);
    });
  });
});

describe('measureFlow', () => {
  // At rest both gates of a GRU are ½, and those of an LSTM too, but for the forget gate, σ(1).
  it.each([
    ['gru', 0.5 + 1.2 / 4],
    ['lstm', 1 / (1 + Math.exp(-1)) + 1.2 / 4],
  ] as const)('finds the factor a step of a %s at rest', async (kind, factor) => {
    const atRest = { ...SETTINGS, units: 16, numSteps: 40, inputDeviation: 0 };
    const { hiddenState } = await measureFlow(kind, 1.2, atRest);
    expect(Math.abs(factorPerStep(hiddenState) - factor)).toBeLessThan(0.02);
  });

  it('reports the factor of clipping: one for short gradients, less for long ones', async () => {
    const short = await measureFlow('gru', 0.9, { ...SETTINGS, maxNorm: 100 });
    expect(short.gradientNorm).toBeLessThan(100);
    expect(short.clippingFactor).toBe(1);
    const long = await measureFlow('gru', 0.9, { ...SETTINGS, maxNorm: 0.1 });
    expect(long.gradientNorm).toBe(short.gradientNorm);
    expect(long.gradientNorm * long.clippingFactor).toBeCloseTo(0.1, 12);
  });

  it('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    for (const kind of KINDS) await measureFlow(kind, 1, SETTINGS);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the picture and its explanation', () => {
  const radii = [0.5, 1, 2];
  const measureAll = () =>
    Promise.all(KINDS.flatMap((kind) => radii.map((radius) => measureFlow(kind, radius, SETTINGS))));

  it('is well-formed SVG with a curve for every cell and radius, before and after clipping', async () => {
    const svg = drawFlow(await measureAll(), SETTINGS);
    const { width, height } = await sharp(Buffer.from(svg)).metadata();
    expect(Math.min(width, height)).toBeGreaterThan(500);
    const curves = [...svg.matchAll(/data-curve="([^"]+)"[^>]* points="([^"]*)"/g)];
    const points = new Map(curves.map(([, name, line]) => [name, line!.split(' ').length]));
    const expected = radii.flatMap((radius) => [
      ...['hidden', 'linear', 'unclipped', 'clipped'].map((what) => [`rnn ${radius} ${what}`, 11]),
      ...['hidden', 'unclipped', 'clipped'].map((what) => [`gru ${radius} ${what}`, 11]),
      ...['hidden', 'unclipped', 'clipped'].map((what) => [`lstm ${radius} ${what}`, 11]),
      // ∂h_T/∂c_T is zero, which has no logarithm.
      [`lstm ${radius} cell`, 10],
    ]);
    expect(Object.fromEntries(points)).toEqual(Object.fromEntries(expected));
    expect(svg).not.toContain('NaN');
  });

  it('draws a norm at the height of its logarithm', async () => {
    const [flow] = await measureAll();
    const hiddenState = flow!.hiddenState.map((_, t) => 10 ** -t);
    const svg = drawFlow([{ ...flow!, hiddenState }], SETTINGS);
    const line = /data-curve="rnn 0.5 hidden"[^>]* points="([^"]*)"/.exec(svg)![1]!;
    const heights = line.split(' ').map((point) => Number(point.split(',')[1]));
    const steps = heights.slice(1).map((height, index) => height - heights[index]!);
    expect(steps[0]).toBeGreaterThan(5);
    steps.forEach((size) => expect(size).toBeCloseTo(steps[0]!, 1));
  });

  it('names every cell and radius and the measured numbers', async () => {
    const flows = await measureAll();
    const explanation = explainFlow(flows, SETTINGS);
    for (const name of ['Vanilla RNN', 'GRU', 'LSTM']) {
      expect(explanation.split('\n').filter((line) => line.startsWith(`│ ${name}`))).toHaveLength(3);
    }
    const longest = Math.max(...flows.map(({ gradientNorm }) => gradientNorm));
    expect(explanation).toContain(`is cut from ${Number(longest.toPrecision(2))} to 1.`);
  });
});
