import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createCell } from '../../src/recurrent/cells/create-cell.js';
import { glorotUniform, orthogonal } from '../../src/recurrent/initializers.js';

describe('initializers', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it.each([
    [16, 64],
    [7, 9],
    [1, 1],
    // Of the last rows of a square, little is left by the others.
    [150, 150],
  ])('makes %s orthonormal rows of %s for a recurrent kernel', (rows, columns) => {
    const kernel = tf.tensor2d(orthogonal([rows, columns], 5), [rows, columns]);
    const gram = tf.matMul(kernel, kernel, false, true);
    expect(tf.max(tf.abs(tf.sub(gram, tf.eye(rows)))).dataSync()[0]).toBeLessThan(1e-6);
  });

  it('fills the Glorot range evenly and does not leave it', () => {
    const values = glorotUniform([100, 200], 5);
    const limit = Math.sqrt(6 / 300);
    expect(values).toHaveLength(20_000);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(limit);
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(variance / (limit ** 2 / 3)).toBeCloseTo(1, 1);
  });

  it('repeats itself for one seed and differs for another', () => {
    for (const initialize of [glorotUniform, orthogonal]) {
      expect(initialize([3, 5], 1)).toEqual(initialize([3, 5], 1));
      expect(initialize([3, 5], 1)).not.toEqual(initialize([3, 5], 2));
    }
  });

  it('opens the forget gate of an LSTM and nothing else', () => {
    const { bias } = createCell('lstm', 2).weightSpecs(3);
    expect([...bias.initialize(bias.shape, 1)]).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  });
});
