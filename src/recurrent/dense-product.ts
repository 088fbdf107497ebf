import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';

/**
 * `a·b`, with a backward pass that never asks a kernel to multiply by a transposed matrix. TensorFlow.js's own gradient
 * does, and its WebAssembly backend then leaves the fast path: ten to fifty times slower than transposing first.
 *
 *   da = dy·bᵀ   db = aᵀ·dy
 *
 * @param a - float32 `[rows, inner]`.
 * @param b - float32 `[inner, columns]`.
 * @returns float32 `[rows, columns]`. The caller disposes it.
 */
export function product(a: Tensor2D, b: Tensor2D): Tensor2D {
  const multiply = tf.customGrad((...args) => {
    const [a, b, save] = args as [Tensor2D, Tensor2D, tf.GradSaveFunc];
    save([a, b]);
    return {
      value: tf.matMul(a, b),
      gradFunc: (dy, saved) => {
        const [a, b] = saved as [Tensor2D, Tensor2D];
        return [timesTransposed(dy as Tensor2D, b), transposedTimes(a, dy as Tensor2D)];
      },
    };
  });
  return multiply(a, b) as Tensor2D;
}

/**
 * `a·b` where `a` is data: its gradient, which nobody reads and which costs as much as the product, is not computed.
 *
 * @param a - float32 `[rows, inner]`.
 * @param b - float32 `[inner, columns]`.
 * @returns float32 `[rows, columns]`. The caller disposes it.
 */
export function productOfData(a: Tensor2D, b: Tensor2D): Tensor2D {
  const multiply = tf.customGrad((...args) => {
    const [b, save] = args as [Tensor2D, tf.GradSaveFunc];
    save([a]);
    return {
      value: tf.matMul(a, b),
      gradFunc: (dy, saved) => transposedTimes(saved[0] as Tensor2D, dy as Tensor2D),
    };
  });
  return multiply(b) as Tensor2D;
}

/** `x·yᵀ`, which is also `(y·xᵀ)ᵀ`: transposes whichever way moves fewer numbers. */
function timesTransposed(x: Tensor2D, y: Tensor2D): Tensor2D {
  const [rows, columns] = [x.shape[0], y.shape[0]];
  return y.size <= x.size + rows * columns
    ? tf.matMul(x, tf.transpose(y))
    : tf.transpose(tf.matMul(y, tf.transpose(x)));
}

/** `xᵀ·y`, which is also `(yᵀ·x)ᵀ`: transposes whichever way moves fewer numbers. */
function transposedTimes(x: Tensor2D, y: Tensor2D): Tensor2D {
  const [rows, columns] = [x.shape[1], y.shape[1]];
  return x.size <= y.size + rows * columns
    ? tf.matMul(tf.transpose(x), y)
    : tf.transpose(tf.matMul(tf.transpose(y), x));
}
