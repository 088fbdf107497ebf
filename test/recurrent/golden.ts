import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** An array of another library, flattened row by row. */
export interface GoldenArray {
  shape: number[];
  values: number[];
}

/** Reads `fixtures/golden/<name>.json`, made by scripts/golden/recurrent.py. */
export function readGolden<T>(name: string): T {
  const file = new URL(`../../fixtures/golden/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

/** Puts an array on the current backend. The caller disposes it. */
export function tensor<T extends Tensor>(
  { values, shape }: GoldenArray,
  dtype: 'float32' | 'bool' = 'float32',
): T {
  return tf.tensor(values, shape, dtype) as T;
}

/** Puts arrays on the current backend, by name. The caller disposes them. */
export function tensors(arrays: Record<string, GoldenArray>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, tensor(array)]));
}

/** Largest absolute difference between a tensor and what the other library has; NaN where either has NaN. */
export function distance(actual: Tensor, expected: GoldenArray): number {
  if (actual.shape.join() !== expected.shape.join()) {
    throw new Error(`Shapes differ: ${actual.shape.join()} and ${expected.shape.join()}.`);
  }
  const values = actual.dataSync();
  return Math.max(...expected.values.map((value, index) => Math.abs(value - values[index]!)));
}
