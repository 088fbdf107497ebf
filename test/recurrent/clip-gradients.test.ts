import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { GradientError, UsageError } from '../../src/errors.js';
import { clipByGlobalNorm, clipByNorm, clipByValue } from '../../src/recurrent/clip-gradients.js';
import { BACKENDS } from './backends.js';

const CLIPS = { clipByGlobalNorm, clipByNorm, clipByValue };

const gradientsOf = (values: Record<string, number[]>): NamedTensorMap =>
  Object.fromEntries(Object.entries(values).map(([name, numbers]) => [name, tf.tensor1d(numbers)]));

/** Values of all gradients by name; disposes them. */
function read(gradients: NamedTensorMap): Record<string, number[]> {
  const entries = Object.entries(gradients).map(([name, tensor]) => [name, [...tensor.dataSync()]]);
  tf.dispose(gradients);
  return Object.fromEntries(entries) as Record<string, number[]>;
}

function expectValues(gradients: NamedTensorMap, expected: Record<string, number[]>): void {
  const values = read(gradients);
  expect(Object.keys(values)).toEqual(Object.keys(expected));
  for (const [name, numbers] of Object.entries(expected)) {
    numbers.forEach((number, index) => expect(values[name]![index]! / number).toBeCloseTo(1, 6));
  }
}

describe.each(BACKENDS)('clipping on %s', (backend) => {
  beforeAll(async () => {
    expect(await tf.setBackend(backend)).toBe(true);
  });

  describe('clipByGlobalNorm', () => {
    it('scales all gradients by one factor to the limit, and returns their norm', async () => {
      const { gradients, norm } = await clipByGlobalNorm(gradientsOf({ a: [3, 3], b: [-4, 4, 1] }), 1);
      const length = Math.sqrt(9 + 9 + 16 + 16 + 1);
      expect(norm).toBeCloseTo(length, 5);
      expectValues(gradients, { a: [3 / length, 3 / length], b: [-4 / length, 4 / length, 1 / length] });
    });

    it.each([5, 6, Infinity])('leaves gradients of length 5 alone at a limit of %d', async (maxNorm) => {
      const given = gradientsOf({ a: [3], b: [4] });
      const { gradients, norm } = await clipByGlobalNorm(given, maxNorm);
      expect(norm).toBe(5);
      expect(gradients['a']).toBe(given['a']);
      expectValues(gradients, { a: [3], b: [4] });
    });

    it.each([1e-30, 1e-20, 1e20, 1e30])('measures and clips gradients of about %d', async (unit) => {
      const { gradients, norm } = await clipByGlobalNorm(gradientsOf({ a: [3 * unit], b: [4 * unit] }), unit);
      expect(norm / unit).toBeCloseTo(5, 5);
      expectValues(gradients, { a: [0.6 * unit], b: [0.8 * unit] });
    });
  });

  describe('clipByNorm', () => {
    it('scales each gradient by its own norm, and returns the norms', async () => {
      const given = gradientsOf({ long: [6, -8], short: [0.3, 0.4] });
      const { gradients, norm, norms } = await clipByNorm(given, 1);
      expect(norm).toBeCloseTo(Math.sqrt(100.25), 5);
      expect(norms['long']).toBeCloseTo(10, 5);
      expect(norms['short']).toBeCloseTo(0.5, 6);
      expect(gradients['short']).toBe(given['short']);
      expectValues(gradients, { long: [0.6, -0.8], short: [0.3, 0.4] });
    });

    it('measures a tiny, a usual and a huge gradient side by side', async () => {
      const { gradients, norms } = await clipByNorm(
        gradientsOf({ tiny: [3e-30, 4e-30], usual: [3, 4], huge: [3e20, 4e20] }),
        1e-10,
      );
      expect(norms['tiny']! / 1e-30).toBeCloseTo(5, 5);
      expect(norms['usual']).toBeCloseTo(5, 5);
      expect(norms['huge']! / 1e20).toBeCloseTo(5, 5);
      const clipped = [0.6e-10, 0.8e-10];
      expectValues(gradients, { tiny: [3e-30, 4e-30], usual: clipped, huge: clipped });
    });
  });

  describe('clipByValue', () => {
    it('clamps every value to the range, and returns the norm', async () => {
      const { gradients, norm } = await clipByValue(gradientsOf({ a: [3, -0.5], b: [-4] }), 1);
      expect(norm).toBeCloseTo(Math.sqrt(25.25), 5);
      expectValues(gradients, { a: [1, -0.5], b: [-1] });
    });

    it('clips nothing at a limit of infinity', async () => {
      expectValues((await clipByValue(gradientsOf({ a: [3e20, -4] }), Infinity)).gradients, {
        a: [3e20, -4],
      });
    });
  });

  describe.each(Object.entries(CLIPS))('%s', (_, clip) => {
    it.each([NaN, Infinity, -Infinity])('names the variables whose gradient holds %d', async (value) => {
      const before = tf.memory().numTensors;
      const clipping = clip(gradientsOf({ fine: [1], bad: [1, value, 2], huge: [1e30], worse: [value] }), 1);
      const error: unknown = await clipping.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(GradientError);
      expect((error as GradientError).variables).toEqual(['bad', 'worse']);
      expect((error as GradientError).message).toContain('bad, worse');
      expect(tf.memory().numTensors).toBe(before);
    });

    it.each([0, -1, NaN])('refuses a limit of %d, leaving no tensor behind', async (limit) => {
      const before = tf.memory().numTensors;
      await expect(clip(gradientsOf({ a: [1] }), limit)).rejects.toThrow(UsageError);
      expect(tf.memory().numTensors).toBe(before);
    });

    it('returns zeros for zeros, and nothing for no gradients', async () => {
      const zeros = await clip(gradientsOf({ a: [0, 0], b: [0] }), 1);
      expect(zeros.norm).toBe(0);
      expect(read(zeros.gradients)).toEqual({ a: [0, 0], b: [0] });
      expect(await clip({}, 1)).toMatchObject({ gradients: {}, norm: 0 });
    });

    it('keeps only its result in memory, clipped or not', async () => {
      const before = tf.memory().numTensors;
      for (const limit of [1, 10]) {
        const { gradients } = await clip(gradientsOf({ a: [3, 0.1], b: [4], c: [1e-30] }), limit);
        expect(tf.memory().numTensors).toBe(before + 3);
        tf.dispose(gradients);
        expect(tf.memory().numTensors).toBe(before);
      }
    });
  });
});
