import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../src/runtime/backend.js';
import { scoreFolds, type NamedSplit } from '../../../src/training/evaluation/score-folds.js';
import type { LabeledSequence } from '../../../src/training/data/sequences.js';
import { drawWaves, WAVE_LABELS, WAVE_NETWORK } from '../loop/waves.js';

const OPTIONS = {
  data: { labels: WAVE_LABELS },
  network: WAVE_NETWORK,
  optimizer: { epochs: 12, learningRate: 0.02, chunkLength: 16, numLanes: 4 },
};

/** Every third video is held out, another third in each split. */
function thirds(videos: readonly LabeledSequence[]): NamedSplit[] {
  return [0, 1, 2].map((fold) => ({
    name: `fold ${fold}`,
    training: videos.filter((_, position) => position % 3 !== fold),
    validation: videos.filter((_, position) => position % 3 === fold),
  }));
}

describe('scoreFolds', () => {
  beforeAll(() => startBackend('cpu'));

  it('scores each split on its held-out videos, and leaks no tensor', async () => {
    const waves = drawWaves(24, 5);
    const before = tf.memory().numTensors;
    const told: Parameters<NonNullable<Parameters<typeof scoreFolds>[3]>>[] = [];
    const folds = await scoreFolds(waves, thirds(waves), OPTIONS, (...fold) => told.push(fold));
    expect(tf.memory().numTensors).toBe(before);
    expect(told.map(([name]) => name)).toEqual(['fold 0', 'fold 1', 'fold 2']);
    for (const [position, { scores, temperature }] of folds.entries()) {
      expect(told[position]![1]).toBe(scores);
      expect(scores.frameAccuracy).toBeGreaterThan(70); // guessing gets half
      expect(temperature).toBeGreaterThan(0);
    }
  });

  it('learns nothing from held-out videos', async () => {
    // What is held out says the opposite of what is learned, so a model that saw any of it would be right more often.
    const waves = drawWaves(24, 5);
    const [split] = thirds(waves) as [NamedSplit];
    const held = new Set(split.validation.map(({ name }) => name));
    const contrary = waves.map((wave) =>
      held.has(wave.name)
        ? { ...wave, targets: wave.targets.map((target) => (target < 0 ? target : 1 - target)) }
        : wave,
    );
    const [honest] = await scoreFolds(waves, [split], OPTIONS);
    const [deceived] = await scoreFolds(contrary, [split], OPTIONS);
    expect(deceived!.scores.frameAccuracy).toBeCloseTo(100 - honest!.scores.frameAccuracy!, 9);
  });

  it('lets no video choose its own smoothing', async () => {
    // One split alone has no other to choose for it, so there is none.
    const waves = drawWaves(24, 5);
    const [alone] = await scoreFolds(waves, thirds(waves).slice(0, 1), {
      ...OPTIONS,
      optimizer: { ...OPTIONS.optimizer, epochs: 1 },
    });
    expect(alone!.smoothed).toEqual(alone!.scores);
  });
});
