import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../src/runtime/backend.js';
import { gatherLanes } from '../../../src/training/loop/lanes.js';
import {
  balancedWeights,
  frameWeights,
  sequenceLoss,
  smoothnessLoss,
} from '../../../src/training/loop/sequence-loss.js';

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

  it('is zero, not NaN, if no frame has a label', () => {
    expect(sequenceLoss(tf.tensor3d([[[2, 1]]]), tf.tensor3d([[[0, 0]]])).dataSync()[0]).toBeCloseTo(0, 12);
  });

  it('has the gradient of a softmax: probability minus target, divided by the number of frames', () => {
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
  it('gives each label that occurs the same total weight, and no weight to one that does not', () => {
    const weights = balancedWeights([Int32Array.of(0, 0, 0, 1, -1), Int32Array.of(-1, 0)], 3);
    expect([...weights]).toEqual([5 / 8, 5 / 2, 0]);
  });
});

describe('frameWeights', () => {
  it('weighs alike, balanced, or by name', () => {
    const of = (weights: Parameters<typeof frameWeights>[0]) => [
      ...frameWeights(weights, ['sit', 'fall'], [Int32Array.of(0, 0, 0, 1)]),
    ];
    expect(of('none')).toEqual([1, 1]);
    expect(of('balanced').map((weight) => weight.toFixed(3))).toEqual(['0.667', '2.000']);
    expect(of({ fall: 4 })).toEqual([1, 4]);
  });
});

interface Term {
  loss: number;
  gradient: number[][];
}
const { loss: golden } = JSON.parse(
  readFileSync(new URL('../../../fixtures/golden/training-pytorch.json', import.meta.url), 'utf8'),
) as {
  loss: {
    logits: number[][];
    targets: number[];
    labelSmoothing: number;
    crossEntropy: Term;
    smoothness: Term;
  };
};

describe('the terms of the loss, with their gradients, are those of PyTorch', () => {
  const numSteps = golden.targets.length;
  const gather = () => {
    const shown = {
      numFrames: numSteps,
      features: new Float32Array(numSteps),
      targets: Int32Array.from(golden.targets),
    };
    const chunks = [{ sequence: 0, start: 0, length: numSteps, isFirst: true }];
    const frameWeights = Float32Array.of(1, 1, 1);
    return gatherLanes(chunks, [shown], {
      featureSize: 1,
      frameWeights,
      labelSmoothing: golden.labelSmoothing,
    });
  };
  const compare = (compute: (logits: tf.Tensor3D) => tf.Scalar, { loss, gradient }: Term): void => {
    const logits = tf.tensor3d([golden.logits]);
    const { value, grad } = tf.valueAndGrad((x) => compute(x as tf.Tensor3D))(logits);
    expect(value.dataSync()[0]).toBeCloseTo(loss, 4);
    gradient.flat().forEach((expected, i) => expect(grad.dataSync()[i]).toBeCloseTo(expected, 5));
  };

  it('cross-entropy with label smoothing, without unlabeled frames', () => {
    const { targets, numLabelled } = gather();
    expect(numLabelled).toBe(5);
    compare((logits) => sequenceLoss(logits, targets), golden.crossEntropy);
  });

  it('truncated mean squared error of neighboring frames, with no gradient for the earlier one', () => {
    const { pairs } = gather();
    compare((logits) => smoothnessLoss(logits, pairs!), golden.smoothness);
  });
});

describe('smoothnessLoss', () => {
  it('counts unlabeled frames, but not padding or pairs of two videos', () => {
    const shown = (numFrames: number) => ({
      numFrames,
      features: new Float32Array(numFrames),
      targets: new Int32Array(numFrames).fill(-1),
    });
    const chunks = [3, 1].map((length, sequence) => ({ sequence, start: 0, length, isFirst: true }));
    const options = { featureSize: 1, frameWeights: Float32Array.of(1, 1), labelSmoothing: 0 };
    const { pairs } = gatherLanes(chunks, [shown(3), shown(1)], options);
    expect(pairs!.arraySync()).toEqual([
      [1, 1],
      [0, 0],
    ]);
    // Probabilities ½ and ¾, ¼ in the first lane's three frames, anything in the second.
    const logits = tf.tensor3d([
      [
        [0, 0],
        [Math.log(3), 0],
        [Math.log(3), 0],
      ],
      [
        [0, 9],
        [9, 0],
        [0, 9],
      ],
    ]);
    const change = Math.log(0.75 / 0.5) ** 2 + Math.log(0.25 / 0.5) ** 2;
    expect(smoothnessLoss(logits, pairs!).dataSync()[0]).toBeCloseTo(change / 4, 6);
  });
});
