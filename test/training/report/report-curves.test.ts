import { describe, expect, it } from 'vitest';
import { LearningCurves } from '../../../src/training/report/learning-curves.js';
import { records } from './report-run.js';

/** Expects the points one, two, … thirds into the training, as each of the epochs has three steps. */
function expectThirds(curve: readonly { epoch: number }[]): void {
  expect(curve).toHaveLength(6);
  curve.forEach(({ epoch }, i) => expect(epoch).toBeCloseTo((i + 1) / 3, 12));
}

describe('LearningCurves', () => {
  it('places steps among the epochs', () => {
    const curve = new LearningCurves(records()).of('gradientNorm');
    expectThirds(curve);
    expect(curve.map(({ mean }) => mean)).toEqual([8, 0.5, 4, 2, 1, 0.25]);
  });

  it('assumes that an unfinished epoch is as long as the previous one', () => {
    const curve = new LearningCurves(records().slice(0, -1)).of('learningRate');
    expectThirds(curve);
  });

  it('joins many steps without losing the highest and the lowest', () => {
    const [step] = records();
    const many = Array.from({ length: 900 }, (_, i) => ({
      ...(step as Extract<typeof step, { kind: 'step' }>),
      step: i + 1,
      loss: i === 447 ? 100 : 1,
    }));
    const { stepLoss } = new LearningCurves(many);
    expect(stepLoss).toHaveLength(180);
    const peak = stepLoss.filter(({ high }) => high === 100);
    expect(peak).toHaveLength(1);
    expect(peak[0]).toMatchObject({ low: 1, mean: (4 + 100) / 5 });
  });

  it('uses epochs if there are no steps', () => {
    const epochs = records().filter(({ kind }) => kind === 'epoch');
    const curves = new LearningCurves(epochs);
    expect(curves.of('gradientNorm')).toMatchObject([
      { epoch: 1, mean: 2 },
      { epoch: 2, mean: 2 },
    ]);
    expect(curves.stepLoss).toEqual([]);
    expect(curves.bestEpoch?.epoch).toBe(1);
  });
});
