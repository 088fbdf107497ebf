import picocolors from 'picocolors';
import { writeLine, type Screen } from './live-lines.js';
import { escapeUnprintable, printableJson } from './terminal-text.js';

/** Where a command writes: results to stdout, everything else to stderr, so that results can be piped. */
export interface Terminal {
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: Screen;
  /** Input that is piped in, for example a list of videos. If it is missing, there is no input. */
  readonly stdin?: AsyncIterable<string | Uint8Array>;
  /** Aborted by Ctrl+C. */
  signal: AbortSignal;
  /** Set by `--quiet`: progress and status lines are not written. */
  readonly isQuiet?: boolean;
}

/** What a command reports when it ends. Errors that stop it are thrown instead. */
export interface CommandOutcome {
  /** False if some of the work failed, for example one video of a batch. The exit code is then 1. */
  isAllDone: boolean;
}

/** Words that a line on stderr may start with, and their colors on a terminal. */
const MARKS = {
  labeled: 'green',
  'connected again': 'green',
  unchanged: 'dim',
  kept: 'yellow',
  progress: 'dim',
  'note:': 'yellow',
  failed: 'red',
  'not drawn': 'red',
  lost: 'red',
  'error:': 'red',
} as const;

/** The word that a line on stderr starts with. */
export type Mark = keyof typeof MARKS;

/** Writes results to stdout, each on one line. */
export function printResult({ stdout }: Terminal, ...lines: string[]): void {
  for (const line of lines) stdout.write(`${escapeUnprintable(line)}\n`);
}

/** Writes a result as JSON to stdout. @param indent - Spaces per level. Default: everything on one line. */
export function printJson({ stdout }: Terminal, value: unknown, indent?: number): void {
  stdout.write(`${printableJson(value, indent)}\n`);
}

/**
 * Writes a warning or an error to stderr on one line, also with `--quiet`. The mark is colored on a terminal, unless
 * NO_COLOR is set.
 */
export function printNote({ stderr }: Terminal, text: string, mark?: Mark): void {
  const colors = picocolors.createColors(Boolean(stderr.isTTY) && !process.env['NO_COLOR']);
  const head = mark === undefined ? '' : `${colors[MARKS[mark]](mark)} `;
  writeLine(stderr, head + escapeUnprintable(text));
}

/** Writes a line about the course of the work to stderr as {@link printNote} does, but not with `--quiet`. */
export function printStatus(terminal: Terminal, text: string, mark?: Mark): void {
  if (!terminal.isQuiet) printNote(terminal, text, mark);
}
