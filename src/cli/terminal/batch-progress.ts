import { BatchPace, type InFlight, type Step } from './batch-pace.js';
import { startLiveLines } from './live-lines.js';
import { formatBar, formatDuration, formatShare } from './progress-text.js';
import { columnsOf, escapeUnprintable, keepEnd, keepStart } from './terminal-text.js';
import { printNote, type Terminal } from './terminal.js';

/** How a batch advances, as a person sees it. */
export interface BatchProgress {
  /** An item is begun, or has come further. */
  advance(name: string, step?: Step): void;
  /** An item is settled. @param numFrames - Frames labeled; undefined if there was nothing to do. */
  settle(name: string, numFrames?: number): void;
  stop(): void;
}

/** Without a terminal, a line at most so often: for many short items and for one of many hours alike. */
const LINE_EVERY_MS = 60_000;

/**
 * On a terminal a bar for the whole and a line for each item in flight. Elsewhere a line a minute for the whole, and none
 * while nothing advances.
 *
 * @param items - What they are called: videos.
 */
export function startBatchProgress(terminal: Terminal, numItems: number, items: string): BatchProgress {
  const pace = new BatchPace(numItems);
  const tell = terminal.stderr.isTTY ? showLines(terminal, pace, items) : writeLines(terminal, pace, items);
  return {
    advance(name, step = { doneSec: 0, durationSec: 0, numFrames: 0 }) {
      pace.advance(name, step);
      tell.onStep();
    },
    settle(name, numFrames) {
      pace.settle(name, numFrames);
      tell.onStep();
    },
    stop: () => tell.stop(),
  };
}

interface Teller {
  onStep(): void;
  stop(): void;
}

function showLines({ stderr }: Terminal, pace: BatchPace, items: string): Teller {
  const lines = startLiveLines(stderr, (columns) => [
    keepStart(`${formatBar(pace.share)} ${formatWhole(pace, items).join('  ')}`, columns),
    ...pace.inFlight.map((item) => formatInFlight(item, columns)),
  ]);
  return { onStep() {}, stop: () => lines.stop() };
}

function writeLines(terminal: Terminal, pace: BatchPace, items: string): Teller {
  let lastMs = performance.now();
  return {
    onStep() {
      if (performance.now() - lastMs < LINE_EVERY_MS) return;
      lastMs = performance.now();
      printNote(terminal, formatWhole(pace, items).join(', '), 'progress');
    },
    stop() {},
  };
}

function formatWhole(pace: BatchPace, items: string): string[] {
  const { share, numSettled, numItems, framesPerSec, secondsLeft } = pace;
  return [
    formatShare(share),
    `${numSettled} of ${numItems} ${items}`,
    ...(framesPerSec > 0 ? [formatRate(framesPerSec)] : []),
    ...(secondsLeft === undefined ? [] : [`${formatDuration(secondsLeft)} left`]),
  ];
}

function formatInFlight({ name, share, numFrames, framesPerSec }: InFlight, columns: number): string {
  const known = share === undefined ? [] : [`${formatBar(share)} ${formatShare(share).padStart(5)}`];
  const counted = share === undefined && numFrames > 0 ? [`${numFrames} frames`] : [];
  const rate = framesPerSec ? [formatRate(framesPerSec)] : [];
  const head = ['', ...known, ...counted, ...rate, ''].join('  ');
  return keepStart(head, columns) + keepEnd(escapeUnprintable(name), columns - columnsOf(head));
}

function formatRate(framesPerSec: number): string {
  return `${framesPerSec.toFixed(1)} frames/s`;
}
