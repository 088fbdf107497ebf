import { describe, expect, it } from 'vitest';
import { CalibrationScorer } from '../../src/timeline/calibration-error.js';

function errorOf(frames: [confidence: number, isRight: boolean][]): number | null {
  const scorer = new CalibrationScorer();
  for (const [confidence, isRight] of frames) scorer.add(confidence, isRight);
  return scorer.error();
}
const repeat = (count: number, confidence: number, isRight: boolean) =>
  Array<[number, boolean]>(count).fill([confidence, isRight]);

describe('CalibrationScorer', () => {
  it('is 0 if accuracy equals confidence in every bin', () => {
    const frames = [
      ...repeat(8, 0.8, true),
      ...repeat(2, 0.8, false),
      ...repeat(5, 0.5, true),
      ...repeat(5, 0.5, false),
    ];
    expect(errorOf(frames)).toBeCloseTo(0, 10);
  });

  it('is the mean gap of the bins, weighted by their frames', () => {
    // 3 frames at 0.9, one right: gap 0.9 − 1/3. One at 0.4, right: gap 0.6.
    const frames = [...repeat(1, 0.9, true), ...repeat(2, 0.9, false), ...repeat(1, 0.4, true)];
    expect(errorOf(frames)).toBeCloseTo((100 * (3 * (0.9 - 1 / 3) + 0.6)) / 4, 10);
  });

  it('averages correct and wrong frames only within one of fifteen bins', () => {
    expect(
      errorOf([
        [0.61, true],
        [0.65, false],
      ]),
    ).toBeCloseTo(100 * 0.13, 10); // both in (9/15, 10/15]
    expect(
      errorOf([
        [0.61, true],
        [0.68, false],
      ]),
    ).toBeCloseTo((100 * (0.39 + 0.68)) / 2, 10);
  });

  it('accepts confidences 0 and 1, and is null without frames', () => {
    expect(
      errorOf([
        [0, false],
        [1, true],
      ]),
    ).toBe(0);
    expect(errorOf([])).toBeNull();
  });
});
