import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../src/runtime/backend.js';
import { balancedWeights, sequenceLoss } from '../../src/training/sequence-loss.js';

beforeAll(async () => {
  await startBackend('cpu');
});

describe('sequenceLoss', () => {
  it('is the mean negative logarithm of the true label’s probability over frames that have one', () => {
    const logits = tf.tensor3d([
      [
        [0, 0],
        [Math.log(3), 0],
        [5, -5],
      ],
    ]);
    const targets = tf.tensor3d([
      [
        [1, 0],
        [1, 0],
        [0, 0],
      ],
    ]); // the last frame has no label
    // −(log ½ + log ¾) / 2
    expect(sequenceLoss(logits, targets).dataSync()[0]).toBeCloseTo(-(Math.log(0.5) + Math.log(0.75)) / 2, 6);
  });

  it('is zero, not NaN, where no frame has a label', () => {
    expect(sequenceLoss(tf.tensor3d([[[2, 1]]]), tf.tensor3d([[[0, 0]]])).dataSync()[0]).toBeCloseTo(0, 12);
  });

  it('has the gradient of a softmax: probability less target, over the number of frames', () => {
    const logits = tf.tensor3d([
      [
        [0, 0],
        [Math.log(3), 0],
      ],
    ]);
    const targets = tf.tensor3d([
      [
        [1, 0],
        [0, 1],
      ],
    ]);
    const gradient = tf.grad((x) => sequenceLoss(x as tf.Tensor3D, targets))(logits);
    [-0.25, 0.25, 0.375, -0.375].forEach((value, i) => expect(gradient.dataSync()[i]).toBeCloseTo(value, 6));
  });
});

describe('balancedWeights', () => {
  it('gives each label that occurs the same total weight, and none to one that never does', () => {
    const weights = balancedWeights([Int32Array.of(0, 0, 0, 1, -1), Int32Array.of(-1, 0)], 3);
    expect([...weights]).toEqual([5 / 8, 5 / 2, 0]);
  });
});
