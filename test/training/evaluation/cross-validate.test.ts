import { describe, expect, it } from 'vitest';
import { parseSeeds } from '../../../src/cli/commands/cross-validate.js';
import { variantsOf } from '../../../src/training/evaluation/cross-validate.js';
import {
  formatCrossValidation,
  summarizeRuns,
} from '../../../src/training/evaluation/cross-validation-table.js';
import type { FoldScores } from '../../../src/training/evaluation/score-folds.js';

function fold(clipAccuracy: number, temperature = 1): FoldScores {
  const scores = { clipAccuracy, frameAccuracy: 50, edit: null, f1: { 10: null, 25: null, 50: null } };
  return { name: 'fold', scores, smoothed: scores, temperature } as FoldScores;
}

describe('the table of a cross-validation', () => {
  const rows = [
    { variant: 'GRU', seed: 1, folds: [fold(70, 1), fold(90, 4)] },
    { variant: 'GRU', seed: 2, folds: [fold(60, 4), fold(80, 1)] },
  ];

  it('has the mean and the deviation over folds and seeds, and the mean of each seed', () => {
    const [summary] = summarizeRuns(rows);
    const { mean, deviation, bySeed } = summary!.scores['clip accuracy']!;
    expect([mean, bySeed]).toEqual([75, [80, 70]]);
    expect(deviation).toBeCloseTo(Math.sqrt((25 + 225 + 225 + 25) / 4), 9);
    expect(summary!.temperature).toBeCloseTo(2, 9);
  });

  it('leaves out what is undefined everywhere', () => {
    const [header, , line] = formatCrossValidation(summarizeRuns(rows)).split('\n');
    expect(header).not.toContain('edit');
    expect(line).toContain('| GRU | 75.0 ± 11.2 (80.0, 70.0) | 50.0 ± 0.0 (50.0, 50.0) |');
  });
});

describe('the seeds of a cross-validation', () => {
  it('are one or more whole numbers', () => {
    expect(parseSeeds('7')).toEqual([7]);
    expect(parseSeeds('3, 1,20')).toEqual([3, 1, 20]);
  });

  it.each(['', '1,', '0,1', '-1', '1.5', 'one', '1 2'])('are not "%s"', (text) => {
    expect(() => parseSeeds(text)).toThrow('Expected whole numbers, 1 or more, separated by commas.');
  });
});

describe('the networks of an ablation', () => {
  it('are the one asked for alone, or with every other recurrence, none, and no motion', () => {
    const asked = { cell: 'gru', units: 16, inputs: ['features', 'magnitude'] } as const;
    const network = { ...asked, inputs: [...asked.inputs] };
    expect(variantsOf(network, false)).toEqual([{ variant: 'GRU', network }]);
    const all = variantsOf(network, true);
    expect(all.map(({ variant }) => variant)).toEqual([
      'GRU',
      'RNN',
      'LSTM',
      'bidirectional LSTM',
      'no recurrence',
      'GRU, without motion',
    ]);
    expect(all[3]!.network).toEqual({ ...network, cell: 'lstm', bidirectional: true });
    expect(all[5]!.network).toEqual({ ...network, inputs: ['features'] });
  });
});
