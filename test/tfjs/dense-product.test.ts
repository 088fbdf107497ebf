import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import '../../src/tfjs/register-gradients.js';
import { product } from '../../src/tfjs/dense-product.js';
import { BACKENDS } from '../recurrent/backends.js';

describe.each(BACKENDS)('product on %s', (backend) => {
  beforeAll(async () => {
    expect(await tf.setBackend(backend)).toBe(true);
  });

  // Each shape takes another of the ways that the backward pass has to transpose.
  it.each([
    [2, 3, 4],
    [1, 50, 2],
    [50, 2, 1],
    [2, 1, 50],
    [1, 1, 1],
  ])('has the value and gradients of matMul for [%i, %i] by [.., %i]', (rows, inner, columns) => {
    const a = tf.randomNormal<tf.Rank.R2>([rows, inner], 0, 1, 'float32', 1);
    const b = tf.randomNormal<tf.Rank.R2>([inner, columns], 0, 1, 'float32', 2);
    const dy = tf.randomNormal<tf.Rank.R2>([rows, columns], 0, 1, 'float32', 3);
    const ours = tf.valueAndGrads((a, b) => product(a as Tensor2D, b as Tensor2D))([a, b], dy);
    const theirs = tf.valueAndGrads((a, b) => tf.matMul(a, b))([a, b], dy);
    const [forData] = tf.grads((b) => product(a, b as Tensor2D))([b], dy);
    const pairs: [tf.Tensor, tf.Tensor][] = [
      [ours.value, theirs.value],
      [ours.grads[0]!, theirs.grads[0]!],
      [ours.grads[1]!, theirs.grads[1]!],
      [forData!, theirs.grads[1]!],
    ];
    for (const [actual, expected] of pairs) {
      expect(actual.shape).toEqual(expected.shape);
      expect(tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]).toBeLessThan(1e-5);
    }
  });

  it('computes no unneeded gradient', async () => {
    const [a, b] = [tf.ones<tf.Rank.R2>([2, 3]), tf.ones<tf.Rank.R2>([3, 4])];
    const numProducts = async (differentiate: () => unknown) => {
      const { kernels } = await tf.profile(() => void differentiate());
      return kernels.filter(({ name }) => name === 'BatchMatMul').length;
    };
    const loss = (a: tf.Tensor, b: tf.Tensor) => tf.sum(product(a as Tensor2D, b as Tensor2D));
    expect(await numProducts(() => tf.grads(loss)([a, b]))).toBe(2);
    expect(await numProducts(() => tf.grad((b: tf.Tensor) => loss(a, b))(b))).toBe(1);
    expect(await numProducts(() => tf.grad((a: tf.Tensor) => loss(a, b))(a))).toBe(1);
  });

  it('leaves no tensor behind', () => {
    const [a, b] = [tf.ones<tf.Rank.R2>([2, 3]), tf.ones<tf.Rank.R2>([3, 4])];
    const before = tf.memory().numTensors;
    for (let call = 0; call < 2; call++) {
      tf.dispose(tf.grads((a, b) => tf.sum(product(a as Tensor2D, b as Tensor2D)))([a, b]));
      tf.dispose(tf.grad((b: tf.Tensor) => tf.sum(product(a, b as Tensor2D)))(b));
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});
