import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TrainingError } from '../../../src/errors.js';
import { startBackend } from '../../../src/runtime/backend.js';
import { scoreSequences } from '../../../src/training/evaluation/score-sequences.js';
import { UNLABELED } from '../../../src/training/data/sequences.js';
import { trainLabeler } from '../../../src/training/loop/train-labeler.js';
import type { EpochReport } from '../../../src/training/loop/training-reports.js';
import { drawWaves, WAVE_LABELS as LABELS, WAVE_NETWORK as NETWORK } from './waves.js';

const data = { labels: LABELS };

beforeAll(async () => {
  await startBackend('wasm');
});

describe('trainLabeler', () => {
  it('learns from change over time what one frame cannot show, and labels unseen sequences', async () => {
    const epochs: EpochReport[] = [];
    const optimizer = { epochs: 25, chunkLength: 8, learningRate: 0.02 };
    const { labeler, history, bestEpoch } = await trainLabeler(drawWaves(40, 1), drawWaves(10, 2), {
      ...{ data, network: NETWORK, optimizer },
      onEpoch: (epoch) => epochs.push(epoch),
    });
    const scores = await scoreSequences(labeler, drawWaves(20, 3), LABELS);
    expect(scores.frameAccuracy).toBeGreaterThan(85);
    expect(history).toEqual(epochs);
    const losses = history.map(({ validation }) => validation?.loss ?? Infinity);
    expect(bestEpoch).toBe(1 + losses.indexOf(Math.min(...losses)));
    labeler.dispose();
  });

  it('returns the same weights for the same seed, and others for another', async () => {
    const train = async (seed: number): Promise<Float32Array[]> => {
      const { labeler } = await trainLabeler(drawWaves(6, 1), [], {
        ...{ data, network: NETWORK },
        optimizer: { epochs: 2 },
        run: { seed },
      });
      const weights = [...(await labeler.exportWeights()).values()];
      labeler.dispose();
      return weights;
    };
    const first = await train(5);
    expect(await train(5)).toEqual(first);
    expect(await train(6)).not.toEqual(first);
  });

  it('leaks no tensor besides the returned weights', async () => {
    const train = async (): Promise<void> => {
      const { labeler } = await trainLabeler(drawWaves(5, 1), drawWaves(2, 2), {
        ...{ data, network: NETWORK },
        optimizer: { epochs: 2 },
      });
      labeler.dispose();
    };
    await train();
    const before = tf.memory().numTensors;
    await train();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('stops with a clear error if the loss diverges, and leaks no tensor', async () => {
    const before = tf.memory().numTensors;
    const options = { data, network: NETWORK, optimizer: { epochs: 3, learningRate: 1e38 } };
    await expect(trainLabeler(drawWaves(20, 1), [], options)).rejects.toThrow(TrainingError);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('ends early when validation no longer improves', async () => {
    const noise = drawWaves(3, 9).map((sequence) => ({
      ...sequence,
      targets: sequence.targets.map((target) => (target === UNLABELED ? target : 1 - target)),
    }));
    const { labeler, history, bestEpoch } = await trainLabeler(drawWaves(20, 1), noise, {
      ...{ data, network: NETWORK },
      optimizer: { epochs: 40, patience: 3, learningRate: 0.02, chunkLength: 8 },
    });
    expect(history.length).toBe(bestEpoch + 3);
    labeler.dispose();
  });

  it('stops when its signal is aborted', async () => {
    const controller = new AbortController();
    const training = trainLabeler(drawWaves(5, 1), [], {
      ...{ data, network: NETWORK },
      signal: controller.signal,
      onEpoch: ({ epoch }) => {
        if (epoch === 2) controller.abort(new Error('enough'));
      },
    });
    await expect(training).rejects.toThrow('enough');
  });
});
