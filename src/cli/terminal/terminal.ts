import picocolors from 'picocolors';
import { writeLine, type Screen } from './live-lines.js';
import { escapeUnprintable, printableJson } from './terminal-text.js';

/** Where a command writes: results to stdout, everything else to stderr, so that results can be piped. */
export interface Terminal {
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: Screen;
  /** Where a list comes from that is piped in; nothing can be read where absent. */
  readonly stdin?: AsyncIterable<string | Uint8Array>;
  /** Aborted by Ctrl+C. */
  signal: AbortSignal;
}

/** Words that a remark may begin with, and their colors on a terminal. */
const MARKS = {
  labeled: 'green',
  'connected again': 'green',
  unchanged: 'dim',
  progress: 'dim',
  'note:': 'yellow',
  failed: 'red',
  'not drawn': 'red',
  lost: 'red',
  'error:': 'red',
} as const;

/** The word that a remark begins with. */
export type Mark = keyof typeof MARKS;

/** Writes results to stdout, each in a line of its own whatever is in it. */
export function printResult({ stdout }: Terminal, ...lines: string[]): void {
  for (const line of lines) stdout.write(`${escapeUnprintable(line)}\n`);
}

/** Writes a result as JSON to stdout. @param indent - Spaces a level; in one line without. */
export function printJson({ stdout }: Terminal, value: unknown, indent?: number): void {
  stdout.write(`${printableJson(value, indent)}\n`);
}

/** Writes a remark to stderr, in one line whatever is in it; its mark is colored on a terminal, unless NO_COLOR is set. */
export function printNote({ stderr }: Terminal, text: string, mark?: Mark): void {
  const colors = picocolors.createColors(Boolean(stderr.isTTY) && !process.env['NO_COLOR']);
  const head = mark === undefined ? '' : `${colors[MARKS[mark]](mark)} `;
  writeLine(stderr, head + escapeUnprintable(text));
}
