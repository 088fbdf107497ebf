import { describe, expect, it } from 'vitest';
import { learningRateAt } from '../../../src/training/loop/learning-rate.js';

describe('learningRateAt', () => {
  const at = (progress: number, warmup = 0.1) => learningRateAt(progress, { learningRate: 0.02, warmup });

  it('rises in a straight line, then falls along half a cosine to a tenth', () => {
    expect(at(0.05)).toBeCloseTo(0.01, 12);
    expect(at(0.1)).toBeCloseTo(0.02, 12);
    expect(at(0.55)).toBeCloseTo(0.02 * (0.1 + 0.45), 12); // half way down the cosine
    expect(at(1)).toBeCloseTo(0.002, 12);
  });

  it('begins at the top without warm-up', () => {
    expect(at(0, 0)).toBeCloseTo(0.02, 12);
    expect(at(0.001, 0)).toBeLessThan(0.02);
  });
});
