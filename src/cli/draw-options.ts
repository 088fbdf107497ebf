import { Option } from 'commander';
import { drawBatch } from '../batch/draw-batch.js';
import type { BatchSummary } from '../batch/summary.js';
import { limitsOf, type LimitOptions } from './options.js';
import { noteColors, printNote, type Terminal } from './terminal.js';

/** Options that say what to draw of labelled videos. */
export interface DrawOptions extends LimitOptions {
  overlay?: boolean;
  contactSheet?: boolean;
  report?: boolean;
}

/** `--overlay`, `--contact-sheet` and `--report`. */
export function drawOptions(): Option[] {
  return [
    new Option('--overlay', 'write each video again with its labels and a timeline bar burnt in'),
    new Option('--contact-sheet', 'write a picture of each video: a thumbnail a segment'),
    new Option('--report', 'write report.html: all videos with timelines, to search and to play'),
  ];
}

/** The formats to write: what is drawn is drawn from the JSON. */
export function formatsToWrite(formats: readonly string[], flags: DrawOptions): string[] {
  return wantsDrawings(flags) && !formats.includes('json') ? [...formats, 'json'] : [...formats];
}

/** Draws what the flags ask for, and says what could not be drawn. @returns The files, and whether all could. */
export async function drawAll(
  terminal: Terminal,
  summary: BatchSummary,
  flags: DrawOptions & { output: string; allowRemote?: boolean; stallTimeout?: number },
): Promise<{ files: string[]; isAllDone: boolean }> {
  if (!wantsDrawings(flags)) return { files: [], isAllDone: true };
  const { red } = noteColors(terminal);
  const { overlay, contactSheet, report, allowRemote, stallTimeout } = flags;
  const { files, numFailed } = await drawBatch(summary, {
    ...{ outputDir: flags.output, overlay, contactSheet, report, allowRemote },
    limits: limitsOf(flags),
    stallTimeoutMs: stallTimeout === undefined ? undefined : 1000 * stallTimeout,
    signal: terminal.signal,
    onFailure: (source, message) => printNote(terminal, `${red('not drawn')} ${source}: ${message}`),
  });
  return { files, isAllDone: numFailed === 0 };
}

function wantsDrawings({ overlay, contactSheet, report }: DrawOptions): boolean {
  return Boolean(overlay || contactSheet || report);
}
