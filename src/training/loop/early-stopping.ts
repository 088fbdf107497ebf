import { UsageError } from '../../errors.js';
import type { DatasetScores } from '../evaluation/score-sequences.js';

/** What can decide which epoch was the best: validation loss, or one of the scores. */
export const MONITORS = ['loss', 'frameAccuracy', 'clipAccuracy', 'edit', 'f1@10', 'f1@25', 'f1@50'] as const;
export type Monitor = (typeof MONITORS)[number];

/** Says how good an epoch was: the higher the better. @throws {UsageError} If the score is undefined on the data. */
export function goodnessOf(scores: DatasetScores, monitor: Monitor): number {
  const value = valueOf(scores, monitor);
  if (value === null) {
    throw new UsageError(
      `The ${monitor} of the validation videos is undefined, so it cannot say which epoch was best. ` +
        `Monitor another of ${MONITORS.join(', ')}.`,
    );
  }
  return monitor === 'loss' ? -value : value;
}

function valueOf({ f1, ...scores }: DatasetScores, monitor: Monitor): number | null {
  switch (monitor) {
    case 'f1@10':
      return f1[10];
    case 'f1@25':
      return f1[25];
    case 'f1@50':
      return f1[50];
    case 'loss':
    case 'frameAccuracy':
    case 'clipAccuracy':
    case 'edit':
      return scores[monitor];
  }
}
