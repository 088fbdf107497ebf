import Table from 'cli-table3';
import type { HostileOutcome } from './decode-corpus.js';

/** The number of inputs by what was done to them and what came of it, as a table for people. */
export function sumOutcomes(outcomes: readonly HostileOutcome[]): string {
  const results = [...new Set(outcomes.map(resultOf))].sort();
  const kinds = [...new Set(outcomes.map(({ kind }) => kind))];
  const table = new Table({ head: ['', 'inputs', ...results], style: { head: [], border: [] } });
  const rowOf = (some: readonly HostileOutcome[]) => [
    some.length,
    ...results.map((result) => some.filter((outcome) => resultOf(outcome) === result).length || ''),
  ];
  for (const kind of kinds) table.push([kind, ...rowOf(outcomes.filter((outcome) => outcome.kind === kind))]);
  table.push(['all', ...rowOf(outcomes)]);
  return table.toString();
}

function resultOf({ numFrames, code, faults }: HostileOutcome): string {
  if (faults.length > 0) return 'FAULT';
  if (code === undefined) return 'frames';
  return numFrames > 0 ? `frames, then ${code}` : code;
}
