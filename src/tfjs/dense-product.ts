import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import './register-gradients.js';

const PRODUCT = 'FramewiseProduct';

/**
 * Computes `a·b`. The backward pass transposes first instead of multiplying by a transposed matrix, as TensorFlow.js's own
 * gradient does: the WebAssembly backend is ten to fifty times slower at that. Only requested gradients are computed, so
 * none for an operand that is data.
 *
 *   da = dy·bᵀ   db = aᵀ·dy
 *
 * @param a - float32 `[rows, inner]`.
 * @param b - float32 `[inner, columns]`.
 * @returns float32 `[rows, columns]`. The caller disposes it.
 */
export function product(a: Tensor2D, b: Tensor2D): Tensor2D {
  const backendName = tf.getBackend();
  if (!tf.getKernel(PRODUCT, backendName)) registerProduct(backendName);
  return tf.engine().runKernel<Tensor2D>(PRODUCT, { a, b });
}

/**
 * Multiplies every step of a sequence by a kernel, in one {@link product}.
 *
 * @param sequence - float32 `[batch, time, features]`.
 * @returns float32 `[batch, time, columns]`. The caller disposes it.
 */
export function sequenceProduct(sequence: Tensor3D, kernel: Tensor2D): Tensor3D {
  const [batchSize, numSteps, numFeatures] = sequence.shape;
  return tf.tidy(() => {
    const rows = product(tf.reshape(sequence, [batchSize * numSteps, numFeatures]), kernel);
    return tf.reshape(rows, [batchSize, numSteps, kernel.shape[1]]);
  });
}

/** Registers the backend's own matrix product under a second name, to which the gradient below belongs. */
function registerProduct(backendName: string): void {
  const { kernelFunc } = tf.getKernel('BatchMatMul', backendName);
  tf.registerKernel({
    kernelName: PRODUCT,
    backendName,
    kernelFunc: ({ inputs, backend }) =>
      kernelFunc({ inputs, backend, attrs: { transposeA: false, transposeB: false } }),
  });
}

tf.registerGradient({
  kernelName: PRODUCT,
  inputsToSave: ['a', 'b'],
  gradFunc: (dy: Tensor | Tensor[], saved: Tensor[]) => {
    const [a, b] = saved as [Tensor2D, Tensor2D];
    return {
      a: () => timesTransposed(dy as Tensor2D, b),
      b: () => transposedTimes(a, dy as Tensor2D),
    };
  },
});

/** `x·yᵀ`, computed as x·(yᵀ) or as (y·(xᵀ))ᵀ, whichever transposes fewer values. */
export function timesTransposed(x: Tensor2D, y: Tensor2D): Tensor2D {
  const [rows, columns] = [x.shape[0], y.shape[0]];
  return y.size <= x.size + rows * columns
    ? tf.matMul(x, tf.transpose(y))
    : tf.transpose(tf.matMul(y, tf.transpose(x)));
}

/** `xᵀ·y`, computed as (xᵀ)·y or as ((yᵀ)·x)ᵀ, whichever transposes fewer values. */
export function transposedTimes(x: Tensor2D, y: Tensor2D): Tensor2D {
  const [rows, columns] = [x.shape[1], y.shape[1]];
  return x.size <= y.size + rows * columns
    ? tf.matMul(tf.transpose(x), y)
    : tf.transpose(tf.matMul(tf.transpose(y), x));
}

/** Splits a matrix into blocks of columns. The gradient of `tf.split` fails on a single block (TensorFlow.js 4.22). */
export function columnBlocks(matrix: Tensor2D, widths: readonly number[]): Tensor2D[] {
  return widths.length === 1 ? [matrix] : tf.split<Tensor2D>(matrix, [...widths], 1);
}
