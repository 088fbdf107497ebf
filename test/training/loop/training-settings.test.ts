import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.js';
import { goodnessOf, type DatasetScores } from '../../../src/training/evaluation/score-sequences.js';
import { settingsOf } from '../../../src/training/loop/training-settings.js';

const data = { labels: ['sit', 'fall'] };

describe('settingsOf', () => {
  it('lets gradients flow through a chunk by default', () => {
    expect(settingsOf({ data, optimizer: { chunkLength: 20 } }).gradientLength).toBe(20);
    expect(settingsOf({ data, optimizer: { chunkLength: 20, gradientLength: 60 } }).gradientLength).toBe(60);
  });

  it.each([
    [
      { chunkLength: 20, gradientLength: 30 },
      /gradientLength is 30; expected the chunkLength of 20, or a multiple/,
    ],
    [{ chunkLength: 20, gradientLength: 10 }, /gradientLength is 10/],
    [{ warmup: 1 }, /warmup is 1; expected a share/],
    [{ labelSmoothing: -0.1 }, /labelSmoothing is -0.1/],
    [{ labelWeights: { jump: 2 } }, /labelWeights names unknown labels: jump\. Known labels: sit, fall/],
  ])('refuses %o', (optimizer, message) => {
    expect(() => settingsOf({ data, optimizer })).toThrow(message);
    expect(() => settingsOf({ data, optimizer })).toThrow(UsageError);
  });
});

describe('goodnessOf', () => {
  const scores = {
    loss: 0.4,
    frameAccuracy: 80,
    clipAccuracy: null,
    edit: 60,
    f1: { 10: 70, 25: 65, 50: 50 },
  } as DatasetScores;

  it('is higher for less loss and for more of any other score', () => {
    expect(goodnessOf(scores, 'loss')).toBe(-0.4);
    expect(goodnessOf(scores, 'frameAccuracy')).toBe(80);
    expect(goodnessOf(scores, 'edit')).toBe(60);
    expect(goodnessOf(scores, 'f1@50')).toBe(50);
  });

  it('refuses a score that the validation videos do not define', () => {
    expect(() => goodnessOf(scores, 'clipAccuracy')).toThrow(
      /clipAccuracy of the validation videos is undefined/,
    );
  });
});
