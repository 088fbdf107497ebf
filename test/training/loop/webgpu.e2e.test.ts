import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { startBackend, type BackendName } from '../../../src/runtime/backend.js';
import { trainLabeler } from '../../../src/training/loop/train-labeler.js';
import { useSoftwareGpu } from '../../software-gpu.js';
import { drawWaves, WAVE_LABELS, WAVE_NETWORK } from './waves.js';

const skipReason = useSoftwareGpu();

/** Trains for a short while and labels a sequence. @returns Losses, then probabilities. */
async function trainAndLabel(backend: BackendName): Promise<number[]> {
  await startBackend(backend);
  const { labeler, history } = await trainLabeler(drawWaves(2, 1), [], {
    data: { labels: WAVE_LABELS },
    network: { ...WAVE_NETWORK, inputs: ['features', 'motion'], motionFrames: 6, cell: 'lstm', lookahead: 1 },
    optimizer: { epochs: 1, learningRate: 0.01, numLanes: 2, chunkLength: 10 },
    augmentation: { featureNoise: 0.1 },
  });
  const { probabilities, state } = await labeler.label(drawWaves(1, 3)[0]!.features);
  tf.dispose(state);
  labeler.dispose();
  return [...history.map(({ trainingLoss }) => trainingLoss), ...probabilities];
}

describe.skipIf(skipReason)(`on webgpu${skipReason}`, () => {
  it('a labeler learns and labels as on cpu, to 1e-4', { timeout: 600_000 }, async () => {
    const expected = await trainAndLabel('cpu');
    const actual = await trainAndLabel('webgpu');
    expect(actual).toHaveLength(expected.length);
    const differences = actual.map((value, index) => Math.abs(value - expected[index]!));
    expect(Math.max(...differences)).toBeLessThan(1e-4);
  });
});
