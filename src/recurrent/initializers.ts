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
  return tf.tidy(() =>
    tf.randomUniform([rows, columns], -limit, limit, 'float32', seed).dataSync<'float32'>(),
  );
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
  const normal = tf.tidy(() => tf.randomNormal([rows, columns], 0, 1, 'float32', seed).dataSync<'float32'>());
  const basis: Float64Array[] = [];
  for (let row = 0; row < rows; row++) {
    const vector = Float64Array.from(normal.subarray(row * columns, (row + 1) * columns));
    // The second pass removes what rounding left of the first.
    for (const other of [...basis, ...basis]) addScaled(vector, other, -dot(vector, other));
    const length = Math.sqrt(dot(vector, vector));
    basis.push(vector.map((value) => value / length));
  }
  return Float32Array.from(basis.flatMap((vector) => [...vector]));
};

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}

function addScaled(target: Float64Array, vector: Float64Array, scale: number): void {
  for (let index = 0; index < target.length; index++) target[index]! += scale * vector[index]!;
}
