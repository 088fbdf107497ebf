import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabelerOptions } from '../../../src/labeler/labeler-config.js';
import { TemporalLabeler } from '../../../src/labeler/temporal-labeler.js';
import { startBackend } from '../../../src/runtime/backend.js';
import { planEpoch } from '../../../src/training/loop/lanes.js';
import { LaneTrainer } from '../../../src/training/loop/lane-trainer.js';
import type { StepReport } from '../../../src/training/loop/training-reports.js';
import { sequenceLoss } from '../../../src/training/loop/sequence-loss.js';
import { settingsOf } from '../../../src/training/loop/training-settings.js';
import type { OptimizerOptions } from '../../../src/training/options/training-options.js';
import { drawWaves, WAVE_LABELS, WAVE_NETWORK } from './waves.js';

const NETWORK = { ...WAVE_NETWORK, dropout: 0, featureSize: 2, numLabels: 2 };

beforeAll(async () => {
  await startBackend('wasm');
});

/** Walks waves without moving the weights, so that each step can be looked at alone. */
async function walk(
  waves: ReturnType<typeof drawWaves>,
  optimizer: OptimizerOptions,
  network: Partial<LabelerOptions> = {},
): Promise<{ labeler: TemporalLabeler; steps: StepReport[] }> {
  const labeler = TemporalLabeler.create({ ...NETWORK, ...network }, { seed: 1 });
  const still = { learningRate: 1e-30, weightDecay: 0, smoothness: 0, maxGradientNorm: 1e-3 };
  const settings = settingsOf({ data: { labels: WAVE_LABELS }, optimizer: { ...still, ...optimizer } });
  const statistics = { frameWeights: Float32Array.of(1, 1), noise: undefined };
  const trainer = new LaneTrainer(labeler, waves, settings, statistics);
  const steps: StepReport[] = [];
  const plan = planEpoch(1, waves, { ...settings, lookahead: 0 });
  for await (const step of trainer.walk(plan, { numDone: 0, numSteps: 0 })) steps.push(step);
  trainer.dispose();
  return { labeler, steps };
}

/** Loss and gradient length of frames `[start, end)` of one wave, seen from frame `from` on, by one plain forward pass. */
function lossOf(labeler: TemporalLabeler, wave: ReturnType<typeof drawWaves>[0], bounds: number[]) {
  const [from, start, end] = bounds as [number, number, number];
  const before = tf.tensor3d(wave.features.subarray(0, 2 * from), [1, from, 2]);
  const seen = tf.tensor3d(wave.features.subarray(2 * from, 2 * end), [1, end - from, 2]);
  const rows = [...wave.targets.subarray(from, end)].map((target, i) =>
    WAVE_LABELS.map((_, label) => (from + i >= start && target === label ? 1 : 0)),
  );
  const initial = labeler.initialState(1);
  const state = from > 0 ? labeler.forward(before, initial).state : initial;
  const { value, grads } = tf.variableGrads(
    () => sequenceLoss(labeler.forward(seen, state).logits, tf.tensor3d([rows])),
    labeler.trainableVariables,
  );
  const squares = Object.values(grads).map((gradient) => tf.sum(tf.square(gradient)).dataSync()[0]!);
  return { loss: value.dataSync()[0]!, norm: Math.sqrt(squares.reduce((sum, square) => sum + square, 0)) };
}

describe('LaneTrainer', () => {
  const [wave] = drawWaves(1, 3) as [ReturnType<typeof drawWaves>[0]];

  it.each([
    ['as far as the chunk', 4, [12, 12, 16]],
    ['over the chunks before', 12, [4, 12, 16]],
  ])('counts each frame’s loss once, and lets gradients flow back %s', async (_, gradientLength, bounds) => {
    const { labeler, steps } = await walk([wave], { chunkLength: 4, gradientLength });
    const expected = lossOf(labeler, wave, bounds); // of the fourth chunk
    expect(steps[3]!.loss).toBeCloseTo(expected.loss, 5);
    expect(steps[3]!.gradientNorm).toBeCloseTo(expected.norm, 5);
    expect(steps[3]!.clippedGradientNorm).toBeCloseTo(1e-3, 9);
    const labeled = wave.targets.filter((target) => target >= 0).length;
    expect(steps.reduce((sum, { numLabelled }) => sum + numLabelled, 0)).toBe(labeled);
    expect(steps.at(-1)!.share).toBe(1);
    labeler.dispose();
  });

  it("resets at each video, even if the gradient's window reaches into the previous one", async () => {
    const waves = drawWaves(2, 3);
    const { labeler, steps } = await walk(waves, { numLanes: 1, chunkLength: 8, gradientLength: 16 });
    const firsts = waves.map((each) => lossOf(labeler, each, [0, 0, 8]));
    for (const { loss, norm } of firsts) {
      const step = steps.find((taken) => Math.abs(taken.loss - loss) < 1e-5);
      expect(step?.gradientNorm).toBeCloseTo(norm, 5);
    }
    labeler.dispose();
  });

  it('shows clips whole, each from its start, in clip mode', async () => {
    const waves = drawWaves(3, 3);
    const { labeler, steps } = await walk(waves, { numLanes: 1, isClipMode: true });
    const losses = waves.map((each) => lossOf(labeler, each, [0, 0, each.numFrames]).loss);
    expect(steps.map(({ loss }) => loss.toFixed(5)).sort()).toEqual(
      losses.map((loss) => loss.toFixed(5)).sort(),
    );
    labeler.dispose();
  });

  it('hides the padding of shorter clips from a bidirectional network', async () => {
    const waves = drawWaves(4, 3);
    const network = { bidirectional: true, layers: 2 };
    const { labeler, steps } = await walk(waves, { numLanes: 4, isClipMode: true }, network);
    let [sum, numLabelled] = [0, 0];
    for (const wave of waves) {
      const ownLabeled = wave.targets.filter((target) => target >= 0).length;
      sum += ownLabeled * lossOf(labeler, wave, [0, 0, wave.numFrames]).loss;
      numLabelled += ownLabeled;
    }
    expect(steps.map((step) => step.numLabelled)).toEqual([numLabelled]);
    expect(steps[0]!.loss).toBeCloseTo(sum / numLabelled, 6);
    labeler.dispose();
  });
});
