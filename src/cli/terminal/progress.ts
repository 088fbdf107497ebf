import { startLiveLines } from './live-lines.js';
import { formatBar, formatDuration, formatShare } from './progress-text.js';
import { escapeUnprintable, keepStart } from './terminal-text.js';
import { printNote, type Terminal } from './terminal.js';

/** How far along a piece of work is. */
export interface Progress {
  /** @param share - 0 to 1. @param detail - A few words on what is being done. */
  update(share: number, detail?: string): void;
  stop(): void;
}

/** Without a terminal, a line is written for each step of this share. */
const LINE_SHARE = 0.1;

/** A bar with the time left on a terminal; plain lines elsewhere. */
export function startProgress(terminal: Terminal, title: string): Progress {
  return terminal.stderr.isTTY ? showBar(terminal, title) : writeLines(terminal, title);
}

function writeLines(terminal: Terminal, title: string): Progress {
  let nextShare = 0;
  return {
    update(share, detail = '') {
      if (share < nextShare) return;
      nextShare = share + LINE_SHARE;
      printNote(terminal, `${title}: ${formatShare(share)} ${detail}`.trimEnd());
    },
    stop() {},
  };
}

function showBar(terminal: Terminal, title: string): Progress {
  const startMs = performance.now();
  let share = 0;
  let detail = '';
  const spell = (): string => {
    const elapsedSec = (performance.now() - startMs) / 1000;
    const left = share > 0 ? [`${formatDuration((elapsedSec / share) * (1 - share))} left`] : [];
    const parts = [`${title} ${formatBar(share)} ${formatShare(share)}`, ...left, escapeUnprintable(detail)];
    return parts.join('  ').trimEnd();
  };
  const lines = startLiveLines(terminal.stderr, (columns) => [keepStart(spell(), columns)]);
  return {
    update(newShare, newDetail = '') {
      [share, detail] = [newShare, newDetail];
    },
    stop: () => lines.stop(),
  };
}
