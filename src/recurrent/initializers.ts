import * as tf from '@tensorflow/tfjs-core';
import type { Initializer } from './contract.js';

/** Fills a weight with one value. */
export const constant =
  (value: number): Initializer =>
  (shape) =>
    new Float32Array(tf.util.sizeFromShape([...shape])).fill(value);

/**
 * Draws uniformly from ±√(6 / (rows + columns)), which keeps the variance of signals constant across a layer.
 *
 * @see Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".
 */
export const glorotUniform: Initializer = ([rows = 1, columns = 1], seed) => {
  const limit = Math.sqrt(6 / (rows + columns));
  return takeValues(tf.randomUniform([rows, columns], -limit, limit, 'float32', seed));
};

/** Zeros, but ones for the forget gate, which is the second of four blocks. */
export const unitForgetBias: Initializer = ([width = 0]) =>
  new Float32Array(width).fill(1, width / 4, width / 2);

/**
 * Draws orthonormal rows, so that repeated products with the hidden state keep its length. There must be at most as many
 * rows as columns. It applies Gram-Schmidt to normal vectors, which gives the same distribution as Keras's QR.
 *
 * @see Saxe et al. 2014, arXiv:1312.6120.
 */
export const orthogonal: Initializer = ([rows = 1, columns = 1], seed) => {
  const normal = takeValues(tf.randomNormal([rows, columns], 0, 1, 'float32', seed));
  const result = new Float32Array(rows * columns);
  const basis: Float64Array[] = [];
  const none = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const vector = Float64Array.from(normal.subarray(row * columns, (row + 1) * columns));
    // One pass is enough. In float64 it leaves an error of 1e-16, which grows as the vector shrinks: about a thousandfold
    // for the last rows of a square matrix.
    for (let other = 0; other < row; other += 4) {
      const [a = none, b = none, c = none, d = none] = basis.slice(other, other + 4);
      removeProjections(vector, a, b, c, d);
    }
    const length = lengthOf(vector);
    for (let index = 0; index < columns; index++) vector[index]! /= length;
    basis.push(vector);
    result.set(vector, row * columns);
  }
  return result;
};

/** Reads a tensor and disposes it. `tf.tidy` would search all returned values for tensors. */
function takeValues(tensor: tf.Tensor): Float32Array {
  const values = tensor.dataSync<'float32'>();
  tensor.dispose();
  return values;
}

function lengthOf(vector: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < vector.length; index++) sum += vector[index]! * vector[index]!;
  return Math.sqrt(sum);
}

/** Subtracts the projections on four orthonormal vectors at once, so that the processor can add in parallel. */
function removeProjections(
  vector: Float64Array,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  d: Float64Array,
): void {
  let alongA = 0;
  let alongB = 0;
  let alongC = 0;
  let alongD = 0;
  for (let index = 0; index < vector.length; index++) {
    const value = vector[index]!;
    alongA += value * a[index]!;
    alongB += value * b[index]!;
    alongC += value * c[index]!;
    alongD += value * d[index]!;
  }
  for (let index = 0; index < vector.length; index++) {
    vector[index]! -= alongA * a[index]! + alongB * b[index]! + alongC * c[index]! + alongD * d[index]!;
  }
}
