/**
 * Trains a small network on drawn waves with every kind of randomness, and resumes from a checkpoint if there is one. Prints
 * `step` on stdout after each step, and at the end the weights of the best and the last epoch in base64. A test kills
 * this process at any step.
 *
 *     training-program.ts <folder> <backend> <epochs>
 */
import { startBackend, type BackendName } from '../../../src/runtime/backend.js';
import { trainLabeler } from '../../../src/training/loop/train-labeler.js';
import { drawWaves, WAVE_LABELS, WAVE_NETWORK } from './waves.js';

const [outputDir, backend, epochs] = process.argv.slice(2) as [string, BackendName, string];
await startBackend(backend);
const training = drawWaves(9, 1).map((wave) => ({
  ...wave,
  mirroredFeatures: wave.features.map((value) => -value),
}));
const { labeler, lastWeights } = await trainLabeler(training, drawWaves(3, 2), {
  data: { labels: WAVE_LABELS },
  network: {
    ...WAVE_NETWORK,
    inputs: ['features', 'motion'],
    motionFrames: 6,
    cell: 'lstm',
    layers: 2,
    lookahead: 1,
  },
  optimizer: {
    epochs: Number(epochs),
    patience: 3,
    learningRate: 0.02,
    numLanes: 2,
    chunkLength: 4,
    gradientLength: 12,
    labelSmoothing: 0.05,
  },
  augmentation: { speedJitter: 0.2, featureNoise: 0.3 },
  run: { outputDir, checkpointSteps: 7, resume: true },
  onStep: () => process.stdout.write('step\n'),
});
const bytes = [...(await labeler.exportWeights()).values(), ...lastWeights.values()].map(
  ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength),
);
process.stdout.write(`weights ${Buffer.concat(bytes).toString('base64')}\n`);
