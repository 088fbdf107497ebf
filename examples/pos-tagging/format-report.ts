import Table from 'cli-table3';
import type { ErrorReport } from './error-report.js';

const NUM_CONFUSIONS = 20;
const NUM_EXAMPLES = 5;
const PLAIN = { head: [], border: [] };

/** Formats the report as tables: accuracy, most frequent mistakes, and scores by part of speech. */
export function formatReport({ all, known, unknown, perTag, confusions }: ErrorReport): string {
  const accuracy = new Table({
    head: ['words', 'number', 'right %'],
    style: PLAIN,
    colAligns: ['left', 'right', 'right'],
  });
  for (const [name, row] of Object.entries({ all, 'in training data': known, 'not in it': unknown })) {
    accuracy.push([name, row.numWords, formatPercentage(row.accuracy)]);
  }

  const mistakes = new Table({
    head: ['truth', 'tagged', 'times', 'words'],
    style: PLAIN,
    colAligns: ['left', 'left', 'right', 'left'],
  });
  for (const { gold, predicted, count, words } of confusions.slice(0, NUM_CONFUSIONS)) {
    const examples = words
      .slice(0, NUM_EXAMPLES)
      .map((word) => (word.count > 1 ? `${word.form} ×${word.count}` : word.form));
    mistakes.push([gold, predicted, count, examples.join(', ')]);
  }

  const tags = new Table({
    head: ['tag', 'words', 'precision', 'recall', 'F1'],
    style: PLAIN,
    colAligns: ['left', 'right', 'right', 'right', 'right'],
  });
  for (const { tag, numGold, precision, recall, f1 } of perTag) {
    tags.push([tag, numGold, ...[precision, recall, f1].map(formatPercentage)]);
  }

  const numMistakes = confusions.reduce((sum, { count }) => sum + count, 0);
  const numShown = confusions.slice(0, NUM_CONFUSIONS).reduce((sum, { count }) => sum + count, 0);
  return [
    accuracy.toString(),
    `\nMistakes: ${numMistakes} of ${confusions.length} kinds; the most frequent kinds, ${numShown} mistakes:`,
    mistakes.toString(),
    '\nBy part of speech, in percent:',
    tags.toString(),
  ].join('\n');
}

function formatPercentage(value: number | null): string {
  return value === null ? '–' : value.toFixed(2);
}
