import { startLiveLines } from './live-lines.js';
import {
  columnsOf,
  escapeUnprintable,
  formatBar,
  formatDuration,
  formatShare,
  keepEnd,
  keepStart,
} from './terminal-text.js';
import { printStatus, type Terminal } from './terminal.js';

/** Shows how far one piece of work is. */
export interface Progress {
  /** @param share - 0 to 1. @param detail - A few words on the current step. */
  update(share: number, detail?: string): void;
  stop(): void;
}

/** Without a terminal, one line is written each time the share has grown by this much. */
const LINE_SHARE = 0.1;

/** Shows a bar with the remaining time on a terminal, and writes plain lines elsewhere. `--quiet` turns it off. */
export function startProgress(terminal: Terminal, title: string): Progress {
  return terminal.stderr.isTTY && !terminal.isQuiet ? showBar(terminal, title) : writeShares(terminal, title);
}

function writeShares(terminal: Terminal, title: string): Progress {
  let nextShare = 0;
  return {
    update(share, detail = '') {
      if (share < nextShare) return;
      nextShare = share + LINE_SHARE;
      printStatus(terminal, `${title}: ${formatShare(share)} ${detail}`.trimEnd());
    },
    stop() {},
  };
}

function showBar(terminal: Terminal, title: string): Progress {
  const startMs = performance.now();
  let share = 0;
  let detail = '';
  const format = (): string => {
    const elapsedSec = (performance.now() - startMs) / 1000;
    const left = share > 0 ? [`${formatDuration((elapsedSec / share) * (1 - share))} left`] : [];
    const parts = [`${title} ${formatBar(share)} ${formatShare(share)}`, ...left, escapeUnprintable(detail)];
    return parts.join('  ').trimEnd();
  };
  const lines = startLiveLines(terminal.stderr, (columns) => [keepStart(format(), columns)]);
  return {
    update(newShare, newDetail = '') {
      [share, detail] = [newShare, newDetail];
    },
    stop: () => lines.stop(),
  };
}

/** How far an item of a batch is. */
export interface Step {
  doneSec: number;
  /** Length of the video in seconds, 0 if unknown. */
  durationSec: number;
  numFrames: number;
}

/** An item of a batch that is being worked on. */
export interface ItemInProgress {
  name: string;
  /** Share that is done, 0 to 1. Undefined if the length is unknown. */
  share: number | undefined;
  numFrames: number;
  /** Rate since the first report about this item. Undefined before the second report. */
  framesPerSec: number | undefined;
}

interface Item extends ItemInProgress {
  startMs: number;
  startFrames: number;
}

/** Estimates frames per second and the remaining time of a batch. Items without work are not counted. */
export class BatchPace {
  readonly numItems: number;
  readonly #items = new Map<string, Item>();
  readonly #startMs = performance.now();
  #numSettled = 0;
  #numSkipped = 0;
  #numFrames = 0;

  constructor(numItems: number) {
    this.numItems = numItems;
  }

  /** Reports that an item was started or has advanced. */
  advance(name: string, { doneSec, durationSec, numFrames }: Step): void {
    const nowMs = performance.now();
    const { startMs, startFrames } = this.#items.get(name) ?? { startMs: nowMs, startFrames: numFrames };
    const share = durationSec > 0 ? Math.min(doneSec / durationSec, 1) : undefined;
    const framesPerSec = nowMs > startMs ? (1000 * (numFrames - startFrames)) / (nowMs - startMs) : undefined;
    this.#items.set(name, { name, share, numFrames, framesPerSec, startMs, startFrames });
  }

  /** Reports that an item is settled. @param numFrames - Frames labeled. Undefined if there was nothing to do. */
  settle(name: string, numFrames: number | undefined): void {
    this.#items.delete(name);
    this.#numSettled++;
    if (numFrames === undefined) this.#numSkipped++;
    else this.#numFrames += numFrames;
  }

  get inProgress(): ItemInProgress[] {
    return [...this.#items.values()];
  }

  get numSettled(): number {
    return this.#numSettled;
  }

  /** Share of the batch that is done, 0 to 1. */
  get share(): number {
    return this.numItems > 0 ? (this.#numSkipped + this.#numWorked) / this.numItems : 1;
  }

  get framesPerSec(): number {
    const numFrames = this.inProgress.reduce((sum, item) => sum + item.numFrames, this.#numFrames);
    return this.#elapsedSec > 0 ? numFrames / this.#elapsedSec : 0;
  }

  /** Seconds until the batch is done. Undefined until an item has advanced. */
  get secondsLeft(): number | undefined {
    if (this.#numWorked === 0) return undefined;
    return (this.#elapsedSec / this.#numWorked) * (this.numItems - this.#numSkipped - this.#numWorked);
  }

  /** Number of items worked on so far, with fractions for items in progress. */
  get #numWorked(): number {
    const numDone = this.#numSettled - this.#numSkipped;
    return this.inProgress.reduce((sum, { share = 0 }) => sum + share, numDone);
  }

  get #elapsedSec(): number {
    return (performance.now() - this.#startMs) / 1000;
  }
}

/** Shows how far a batch of items is. */
export interface BatchProgress {
  /** Reports that an item was started or has advanced. */
  advance(name: string, step?: Step): void;
  /** Reports that an item is settled. @param numFrames - Frames labeled. Undefined if there was nothing to do. */
  settle(name: string, numFrames?: number): void;
  stop(): void;
}

/** Without a terminal, lines are at least this far apart, whether a batch has many short items or one long one. */
const LINE_EVERY_MS = 60_000;

/**
 * Shows a bar for the batch and one line per item in progress on a terminal. Elsewhere it writes one line per minute,
 * and none while nothing advances. `--quiet` turns it off.
 *
 * @param items - What the items are called, for example "videos".
 */
export function startBatchProgress(terminal: Terminal, numItems: number, items: string): BatchProgress {
  const pace = new BatchPace(numItems);
  const isShown = terminal.stderr.isTTY && !terminal.isQuiet;
  const display = isShown ? showItems(terminal, pace, items) : writeLines(terminal, pace, items);
  return {
    advance(name, step = { doneSec: 0, durationSec: 0, numFrames: 0 }) {
      pace.advance(name, step);
      display.onStep();
    },
    settle(name, numFrames) {
      pace.settle(name, numFrames);
      display.onStep();
    },
    stop: () => display.stop(),
  };
}

interface BatchDisplay {
  onStep(): void;
  stop(): void;
}

function showItems({ stderr }: Terminal, pace: BatchPace, items: string): BatchDisplay {
  const lines = startLiveLines(stderr, (columns) => [
    keepStart(`${formatBar(pace.share)} ${formatWhole(pace, items).join('  ')}`, columns),
    ...pace.inProgress.map((item) => formatItem(item, columns)),
  ]);
  return { onStep() {}, stop: () => lines.stop() };
}

function writeLines(terminal: Terminal, pace: BatchPace, items: string): BatchDisplay {
  let lastMs = performance.now();
  return {
    onStep() {
      if (performance.now() - lastMs < LINE_EVERY_MS) return;
      lastMs = performance.now();
      printStatus(terminal, formatWhole(pace, items).join(', '), 'progress');
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

function formatItem({ name, share, numFrames, framesPerSec }: ItemInProgress, columns: number): string {
  const known = share === undefined ? [] : [`${formatBar(share)} ${formatShare(share).padStart(5)}`];
  const counted = share === undefined && numFrames > 0 ? [`${numFrames} frames`] : [];
  const rate = framesPerSec ? [formatRate(framesPerSec)] : [];
  const head = ['', ...known, ...counted, ...rate, ''].join('  ');
  return keepStart(head, columns) + keepEnd(escapeUnprintable(name), columns - columnsOf(head));
}

function formatRate(framesPerSec: number): string {
  return `${framesPerSec.toFixed(1)} frames/s`;
}
