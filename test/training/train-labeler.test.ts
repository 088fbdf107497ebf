import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TrainingError } from '../../src/errors.js';
import { startBackend } from '../../src/runtime/backend.js';
import { createRandom } from '../../src/training/random.js';
import { scoreSequences } from '../../src/training/score-sequences.js';
import { UNLABELLED, type LabelledSequence } from '../../src/training/sequences.js';
import { trainLabeler, type EpochReport } from '../../src/training/train-labeler.js';

const LABELS = ['rising', 'falling'];
const NETWORK = { units: 8, projectionUnits: 8, dropout: 0.1, inputs: ['features'] as 'features'[] };

beforeAll(async () => {
  await startBackend('wasm');
});

/** A wave whose direction no single frame tells; the last frames of each sequence have no label. */
function makeSequences(count: number, seed: number): LabelledSequence[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, number) => {
    const numFrames = 20 + Math.floor(random() * 20);
    const targets = new Int32Array(numFrames);
    const features = new Float32Array(numFrames * 2);
    let level = random();
    let direction = random() < 0.5 ? 1 : -1;
    for (let frame = 0; frame < numFrames; frame++) {
      if (random() < 0.08) direction = -direction;
      level += direction * 0.2;
      features[2 * frame] = Math.sin(level);
      features[2 * frame + 1] = Math.cos(level);
      targets[frame] = frame >= numFrames - 3 ? UNLABELLED : direction > 0 ? 0 : 1;
    }
    return { name: `wave ${number}`, numFrames, features, targets, isClip: false };
  });
}

describe('trainLabeler', () => {
  it('learns from change over time what one frame cannot tell, on sequences it has not seen', async () => {
    const epochs: EpochReport[] = [];
    const options = { labels: LABELS, network: NETWORK, epochs: 25, chunkLength: 8, learningRate: 0.02 };
    const { labeler, history, bestEpoch } = await trainLabeler(makeSequences(40, 1), makeSequences(10, 2), {
      ...options,
      onEpoch: (epoch) => epochs.push(epoch),
    });
    const scores = await scoreSequences(labeler, makeSequences(20, 3), LABELS);
    expect(scores.frameAccuracy).toBeGreaterThan(85);
    expect(history).toEqual(epochs);
    const losses = history.map(({ validation }) => validation?.loss ?? Infinity);
    expect(bestEpoch).toBe(1 + losses.indexOf(Math.min(...losses)));
    labeler.dispose();
  });

  it('gives the same weights for the same seed, and others for another', async () => {
    const train = async (seed: number): Promise<Float32Array[]> => {
      const { labeler } = await trainLabeler(makeSequences(6, 1), [], {
        labels: LABELS,
        network: NETWORK,
        epochs: 2,
        seed,
      });
      const weights = [...(await labeler.exportWeights()).values()];
      labeler.dispose();
      return weights;
    };
    const first = await train(5);
    expect(await train(5)).toEqual(first);
    expect(await train(6)).not.toEqual(first);
  });

  it('leaves no tensor behind but the weights it returns', async () => {
    const train = async (): Promise<void> => {
      const { labeler } = await trainLabeler(makeSequences(5, 1), makeSequences(2, 2), {
        labels: LABELS,
        network: NETWORK,
        epochs: 2,
      });
      labeler.dispose();
    };
    await train();
    const before = tf.memory().numTensors;
    await train();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('stops with a clear error when the numbers run away, leaving no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const options = { labels: LABELS, network: NETWORK, epochs: 3, learningRate: 1e38 };
    await expect(trainLabeler(makeSequences(20, 1), [], options)).rejects.toThrow(TrainingError);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('ends early when validation no longer improves', async () => {
    const noise = makeSequences(3, 9).map((sequence) => ({
      ...sequence,
      targets: sequence.targets.map((target) => (target === UNLABELLED ? target : 1 - target)),
    }));
    const { labeler, history, bestEpoch } = await trainLabeler(makeSequences(20, 1), noise, {
      labels: LABELS,
      network: NETWORK,
      epochs: 40,
      patience: 3,
      learningRate: 0.02,
      chunkLength: 8,
    });
    expect(history.length).toBe(bestEpoch + 3);
    labeler.dispose();
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const training = trainLabeler(makeSequences(5, 1), [], {
      labels: LABELS,
      network: NETWORK,
      signal: controller.signal,
      onEpoch: ({ epoch }) => {
        if (epoch === 2) controller.abort(new Error('enough'));
      },
    });
    await expect(training).rejects.toThrow('enough');
  });
});
