import { Option } from 'commander';
import { publicSource } from '../../video/media-names.js';
import { countDrawings, drawBatch, type BatchDrawings, type DrawingEvent } from '../../batch/draw-batch.js';
import type { BatchSummary } from '../../batch/summary.js';
import { startBatchProgress } from '../terminal/batch-progress.js';
import { limitsOf, type LimitOptions } from '../options.js';
import { printNote, type Terminal } from '../terminal/terminal.js';

/** Options that say what to draw of labeled videos. */
export interface DrawOptions extends LimitOptions {
  overlay?: boolean;
  contactSheet?: boolean;
  report?: boolean;
}

/** `--overlay`, `--contact-sheet` and `--report`. */
export function drawOptions(): Option[] {
  return [
    new Option('--overlay', 'write each video again with its labels and a timeline bar burned in'),
    new Option('--contact-sheet', 'write a picture of each video: a thumbnail a segment'),
    new Option('--report', 'write report.html: all videos with timelines, to search and to play'),
  ];
}

/** The formats to write: what is drawn is drawn from the JSON. */
export function formatsToWrite(formats: readonly string[], flags: DrawOptions): string[] {
  return wantsDrawings(flags) && !formats.includes('json') ? [...formats, 'json'] : [...formats];
}

/** Draws what the flags ask for, and says what could not be drawn. @returns Undefined if they ask for nothing. */
export async function drawAll(
  terminal: Terminal,
  summary: BatchSummary,
  flags: DrawOptions & { output: string; allowRemote?: boolean; stallTimeout?: number },
): Promise<BatchDrawings | undefined> {
  if (!wantsDrawings(flags)) return undefined;
  const { output, overlay, contactSheet, report, allowRemote, stallTimeout } = flags;
  const request = {
    ...{ outputDir: output, overlay, contactSheet, report, allowRemote, limits: limitsOf(flags) },
    stallTimeoutMs: stallTimeout === undefined ? undefined : 1000 * stallTimeout,
  };
  const progress = startBatchProgress(terminal, countDrawings(summary, request), 'drawings');
  const tell = (event: DrawingEvent): void => {
    const name = `${publicSource(event.source)}: ${event.what}`;
    if (event.status === 'begun') return progress.advance(`drawing ${name}`);
    if (event.status === 'advanced') return progress.advance(`drawing ${name}`, { ...event, numFrames: 0 });
    progress.settle(`drawing ${name}`, event.status === 'kept' ? undefined : 0);
    if (event.status === 'failed') printNote(terminal, `${name}: ${event.error.message}`, 'not drawn');
  };
  try {
    return await drawBatch(summary, { ...request, signal: terminal.signal, onDrawing: tell });
  } finally {
    progress.stop();
  }
}

function wantsDrawings({ overlay, contactSheet, report }: DrawOptions): boolean {
  return Boolean(overlay || contactSheet || report);
}
