import { describe, expect, it } from 'vitest';
import {
  addNoise,
  drawView,
  resampleInTime,
  showSequence,
  type SequenceView,
} from '../../../src/training/data/augmentation.js';
import { createNormalRandom, createRandom } from '../../../src/training/data/random.js';

const shown = {
  numFrames: 4,
  features: Float32Array.of(0, 0, 2, 20, 4, 40, 8, 80), // two a frame
  targets: Int32Array.of(0, 0, 1, -1),
};

describe('resampleInTime', () => {
  it('interpolates features and takes the label of the nearest frame', () => {
    const slower = resampleInTime(shown, 0.5);
    expect(slower.numFrames).toBe(7);
    expect([...slower.features].filter((_, i) => i % 2 === 0)).toEqual([0, 1, 2, 3, 4, 6, 8]);
    expect([...slower.targets]).toEqual([0, 0, 0, 1, 1, -1, -1]);
    const faster = resampleInTime(shown, 1.5);
    expect([...faster.features].filter((_, i) => i % 2 === 1)).toEqual([0, 30, 80]);
    expect([...faster.targets]).toEqual([0, 1, -1]);
  });

  it('leaves a single frame and an empty sequence unchanged', () => {
    const one = { numFrames: 1, features: Float32Array.of(7), targets: Int32Array.of(1) };
    expect(resampleInTime(one, 0.7)).toEqual(one);
    const none = { numFrames: 0, features: new Float32Array(0), targets: new Int32Array(0) };
    expect(resampleInTime(none, 0.7)).toEqual(none);
  });
});

describe('drawView', () => {
  const sequence = { name: 'a', ...shown, numFrames: 101, isClip: false };
  const views = (more: object, speedJitter: number): SequenceView[] => {
    const random = createRandom(1);
    const draw = () => drawView(0, { ...sequence, ...more }, { speedJitter, lookahead: 2 }, random);
    return Array.from({ length: 400 }, draw);
  };

  it('changes nothing by default', () => {
    expect(new Set(views({}, 0).map((view) => JSON.stringify(view)))).toEqual(
      new Set([JSON.stringify({ sequence: 0, isMirrored: false, speed: 1, numFrames: 103 })]),
    );
  });

  it('slows down as often as it speeds up, within the bounds, and mirrors every other time', () => {
    const drawn = views({ mirroredFeatures: shown.features }, 0.25);
    const speeds = drawn.map(({ speed }) => speed);
    expect(Math.min(...speeds)).toBeGreaterThanOrEqual(0.8);
    expect(Math.max(...speeds)).toBeLessThanOrEqual(1.25);
    expect(Math.abs(speeds.filter((speed) => speed < 1).length - 200)).toBeLessThan(40);
    expect(Math.abs(drawn.filter(({ isMirrored }) => isMirrored).length - 200)).toBeLessThan(40);
    for (const { speed, numFrames } of drawn) expect(numFrames).toBe(Math.floor(100 / speed) + 1 + 2);
  });
});

describe('showSequence', () => {
  it('returns the number of frames of the view, mirrored or not, from memory or a loader', async () => {
    const mirroredFeatures = shown.features.map((value) => -value);
    const features = () => Promise.resolve(shown.features);
    const sequence = { name: 'a', isClip: false, ...shown, features, mirroredFeatures };
    const view = { sequence: 0, isMirrored: true, speed: 1.5, numFrames: 4 };
    const mirrored = await showSequence(sequence, view, 1);
    expect([...mirrored.features].filter((_, i) => i % 2 === 1)).toEqual([-0, -30, -80, -80]);
    expect([...mirrored.targets]).toEqual([-1, 0, 1, -1]);
    const plain = await showSequence(sequence, { ...view, isMirrored: false }, 1);
    expect(plain.features).toEqual(mirrored.features.map((value) => -value));
    expect(plain.numFrames).toBe(4);
  });
});

describe('addNoise', () => {
  it('adds noise of the given deviation to each feature, and none if it is zero', () => {
    const features = new Float32Array(20_000);
    addNoise(features, Float32Array.of(0, 3), createNormalRandom(createRandom(5)));
    const [quiet, noisy] = [0, 1].map((offset) => features.filter((_, i) => i % 2 === offset));
    expect(new Set(quiet)).toEqual(new Set([0]));
    const mean = noisy!.reduce((sum, value) => sum + value, 0) / noisy!.length;
    const variance = noisy!.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noisy!.length;
    expect(mean).toBeCloseTo(0, 0);
    expect(Math.sqrt(variance)).toBeCloseTo(3, 0);
    expect(noisy!.filter((value) => Math.abs(value) < 3).length / noisy!.length).toBeCloseTo(0.683, 1);
  });
});
