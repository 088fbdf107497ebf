import { disposeState } from '../../src/labeler/labeler-state.js';
import { trainLabeler } from '../../src/training/loop/train-labeler.js';
import { drawWaves, WAVE_LABELS, WAVE_NETWORK } from '../training/loop/waves.js';
import type { Numbers } from './numbers.js';

/** Losses of ten steps from a fixed seed, with all that training makes of chance, and what was learned by then. */
export async function trainBriefly(): Promise<Numbers> {
  const { labeler, history } = await trainLabeler(drawWaves(2, 1), [], {
    data: { labels: WAVE_LABELS },
    network: { ...WAVE_NETWORK, inputs: ['features', 'motion'], motionFrames: 6, cell: 'lstm', lookahead: 1 },
    optimizer: { epochs: 5, learningRate: 0.01, numLanes: 2, chunkLength: 20 },
    augmentation: { featureNoise: 0.1 },
    run: { seed: 7 },
  });
  const { probabilities, state } = await labeler.label(drawWaves(1, 3)[0]!.features);
  disposeState(state);
  labeler.dispose();
  return {
    losses: Float32Array.from(history, ({ trainingLoss }) => trainingLoss),
    'probabilities afterwards': probabilities,
  };
}
