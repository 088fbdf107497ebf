import { Option } from 'commander';
import { countDrawings, drawBatch, type BatchDrawings, type DrawingEvent } from '../../batch/draw-batch.js';
import type { BatchSummary } from '../../batch/summary.js';
import { publicSource } from '../../video/media-names.js';
import { limitsOf, type LimitOptions } from '../options.js';
import { startBatchProgress } from '../terminal/progress.js';
import { printNote, type Terminal } from '../terminal/terminal.js';

/** Flags that choose what to draw for labeled videos. */
export interface DrawOptions extends LimitOptions {
  overlay?: boolean;
  contactSheet?: boolean;
  report?: boolean;
}

/** `--overlay`, `--contact-sheet` and `--report`. */
export function drawOptions(): Option[] {
  return [
    new Option('--overlay', 'also write a copy of each video with labels and a timeline drawn into it'),
    new Option('--contact-sheet', 'also write one picture per video with a thumbnail per segment'),
    new Option('--report', 'also write report.html: a searchable page of all videos with their timelines'),
  ];
}

/** Adds the format `json` if drawings are requested, because they are made from the JSON label files. */
export function formatsToWrite(formats: readonly string[], flags: DrawOptions): string[] {
  return wantsDrawings(flags) && !formats.includes('json') ? [...formats, 'json'] : [...formats];
}

/**
 * Makes the requested drawings and reports those that fail.
 *
 * @returns The drawings, or undefined if none were requested.
 */
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
  const show = (event: DrawingEvent): void => {
    const name = `${publicSource(event.source)}: ${event.what}`;
    if (event.status === 'begun') return progress.advance(`drawing ${name}`);
    if (event.status === 'advanced') return progress.advance(`drawing ${name}`, { ...event, numFrames: 0 });
    progress.settle(`drawing ${name}`, event.status === 'kept' ? undefined : 0);
    if (event.status === 'failed') printNote(terminal, `${name}: ${event.error.message}`, 'not drawn');
  };
  try {
    return await drawBatch(summary, { ...request, signal: terminal.signal, onDrawing: show });
  } finally {
    progress.stop();
  }
}

function wantsDrawings({ overlay, contactSheet, report }: DrawOptions): boolean {
  return Boolean(overlay || contactSheet || report);
}
