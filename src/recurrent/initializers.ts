import * as tf from '@tensorflow/tfjs-core';

/**
 * Draws a weight's first values.
 *
 * @param seed - Positive integer; TensorFlow.js takes zero for "no seed".
 */
export type Initializer = (shape: readonly number[], seed: number) => Float32Array;

/** Shape of a weight and how it starts. */
export interface WeightSpec {
  shape: number[];
  initialize: Initializer;
}

/** A weight that starts with one value everywhere. */
export const constant =
  (value: number): Initializer =>
  (shape) =>
    new Float32Array(tf.util.sizeFromShape([...shape])).fill(value);

/**
 * Uniform in ±√(6 / (rows + columns)), which keeps the variance of signals level across a layer.
 *
 * @see Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".
 */
export const glorotUniform: Initializer = ([rows = 1, columns = 1], seed) => {
  const limit = Math.sqrt(6 / (rows + columns));
  return takeValues(tf.randomUniform([rows, columns], -limit, limit, 'float32', seed));
};

/** Zeros, and ones for the forget gate, the second of four blocks. */
export const unitForgetBias: Initializer = ([width = 0]) =>
  new Float32Array(width).fill(1, width / 4, width / 2);

/**
 * Orthonormal rows, so that a product with the hidden state, step after step, keeps its length. Needs no more rows than
 * columns. Gram-Schmidt on normal vectors: the same distribution as Keras draws by QR.
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
    // One pass is enough: in float64 it leaves 1e-16 of the others, which grows as the vector shrinks, in a square by some
    // thousand times at the end.
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

/** Reads a tensor and disposes it. Not by `tf.tidy`, which would search all the values for tensors. */
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

/** Takes out of a vector what lies along each of four orthonormal ones, all at once: the sums need not wait for each other. */
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
