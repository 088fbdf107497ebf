import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { activationOf, exp, type ActivationName } from '../../../src/recurrent/cells/activations.js';
import '../../../src/tfjs/register-gradients.js';

const NAMES: ActivationName[] = ['tanh', 'sigmoid', 'hardSigmoid', 'relu', 'linear'];

/** What each is by definition. */
const DEFINITIONS: Record<ActivationName, (x: number) => number> = {
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  hardSigmoid: (x) => Math.min(Math.max(0.2 * x + 0.5, 0), 1),
  relu: (x) => Math.max(x, 0),
  linear: (x) => x,
};

const grid = Float32Array.from({ length: 4001 }, (_, index) => (index - 2000) / 40);

describe.each(NAMES)('%s', (name) => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('equals its definition in both implementations, to float32 precision', () => {
    const values = grid.slice();
    activationOf(name).applyTo(values, 0, values.length);
    const composed = activationOf(name).apply(tf.tensor1d(grid)).dataSync<'float32'>();
    grid.forEach((x, index) => {
      const expected = DEFINITIONS[name](x);
      const tolerance = 1.2e-7 * Math.max(1, Math.abs(expected));
      expect(Math.abs(values[index]! - expected), `of ${x}`).toBeLessThanOrEqual(tolerance);
      expect(Math.abs(composed[index]! - expected), `composed, of ${x}`).toBeLessThanOrEqual(2 * tolerance);
    });
  });

  it('has the derivative of a central difference in both implementations', () => {
    const points = [-3.1, -1.2, -0.4, 0.3, 1.1, 3.3];
    const outputs = Float32Array.from(points, DEFINITIONS[name]);
    const gradients = Float32Array.from(points, () => 2);
    activationOf(name).scaleGradient(gradients, outputs, 0, points.length);
    const composed = activationOf(name).derivative(tf.tensor1d(outputs)).dataSync<'float32'>();
    points.forEach((x, index) => {
      const difference = (DEFINITIONS[name](x + 1e-4) - DEFINITIONS[name](x - 1e-4)) / 2e-4;
      expect(gradients[index]).toBeCloseTo(2 * difference, 5);
      expect(composed[index]).toBeCloseTo(difference, 5);
    });
  });

  it('writes nothing outside its range', () => {
    const values = Float32Array.of(-0.5, -0.5, -0.5);
    activationOf(name).applyTo(values, 1, 2);
    expect([values[0], values[2]]).toEqual([-0.5, -0.5]);
  });

  it('passes NaN through', () => {
    const values = Float32Array.of(NaN);
    activationOf(name).applyTo(values, 0, 1);
    expect(values[0]).toBeNaN();
  });
});

describe('exp', () => {
  it('is as exact as documented', () => {
    for (let x = -32; x <= 32; x += 0.01) {
      const error = Math.abs(exp(x) / Math.exp(x) - 1);
      expect(error).toBeLessThan(Math.abs(x) <= 4 ? 4e-13 : 1e-5);
    }
    expect(exp(1000)).toBe(exp(32));
  });
});

describe('activationOf', () => {
  it('lists the known activations', () => {
    expect(() => activationOf('swish' as ActivationName)).toThrow(/"swish". Use one of: tanh, sigmoid/);
  });
});
