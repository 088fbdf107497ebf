import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, layers } from '@tensorflow/tfjs-layers';
import { expect } from 'vitest';

/** Normal numbers of standard deviation 1. */
export const random = (shape: number[], seed = 7) => tf.randomNormal(shape, 0, 1, 'float32', seed);

/** Gives each weight, biases too, values of its own. */
export function setRandomWeights(layer: layers.Layer | LayersModel): void {
  tf.tidy(() => {
    const values = layer.getWeights().map(({ shape }, index) => tf.mul(random(shape, 11 + index), 0.5));
    layer.setWeights(values);
  });
}

export function expectClose(actual: tf.Tensor, expected: tf.Tensor, tolerance: number): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]).toBeLessThanOrEqual(tolerance);
}
