import cliProgress from 'cli-progress';
import { printNote, type Terminal } from './terminal.js';

/** How a batch advances, as a person sees it. */
export interface BatchProgress {
  /** A video advances; its length in seconds is 0 if unknown. */
  advance(source: string, progress: { doneSec: number; durationSec: number; numFrames: number }): void;
  /** A video is settled. @param numFrames - Frames labelled; undefined if there was nothing to do. */
  settle(source: string, numFrames?: number): void;
  /** Writes a line that stays. */
  note(line: string): void;
  stop(): void;
}

/** On a terminal a bar for the whole and one for each video in flight; elsewhere only the lines that stay. */
export function startBatchProgress(terminal: Terminal, numVideos: number): BatchProgress {
  if (!terminal.stderr.isTTY) {
    return { advance() {}, settle() {}, note: (line) => printNote(terminal, line), stop() {} };
  }
  const bars = new cliProgress.MultiBar({
    stream: terminal.stderr,
    format: '  {bar} {percentage} %  {frames} frames  {source}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 28,
    hideCursor: true,
    clearOnComplete: true,
    emptyOnZero: true,
    gracefulExit: false,
  });
  const pace = new BatchPace(numVideos);
  const whole = bars.create(1000, 0, pace.payload(), {
    format: '{bar} {settled} of {videos} videos  {rate} frames/s  {left} left',
  });
  const inFlight = new Map<string, cliProgress.SingleBar>();
  const showWhole = (): void => whole.update(Math.round(1000 * pace.share), pace.payload());
  return {
    advance(source, { doneSec, durationSec, numFrames }) {
      const share = durationSec > 0 ? Math.min(doneSec / durationSec, 1) : 0;
      const bar = inFlight.get(source) ?? bars.create(1000, 0, { source, frames: 0 });
      inFlight.set(source, bar);
      bar.update(Math.round(1000 * share), { source, frames: numFrames });
      pace.advance(source, share, numFrames);
      showWhole();
    },
    settle(source, numFrames) {
      const bar = inFlight.get(source);
      if (bar) bars.remove(bar);
      inFlight.delete(source);
      pace.settle(source, numFrames);
      showWhole();
    },
    note: (line) => bars.log(`${line}\n`),
    stop() {
      bars.update(); // writes the lines that still wait
      bars.stop();
    },
  };
}

/** Frames a second and the time left, of videos that there was something to do for. */
export class BatchPace {
  private readonly inFlight = new Map<string, { share: number; numFrames: number }>();
  private numSettled = 0;
  private numSkipped = 0;
  private numFrames = 0;
  private readonly startMs: number;

  /** @param now - Milliseconds on a clock that never goes back. */
  constructor(
    private readonly numVideos: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.startMs = now();
  }

  advance(source: string, share: number, numFrames: number): void {
    this.inFlight.set(source, { share, numFrames });
  }

  settle(source: string, numFrames?: number): void {
    this.inFlight.delete(source);
    this.numSettled++;
    if (numFrames === undefined) this.numSkipped++;
    else this.numFrames += numFrames;
  }

  /** Share of the batch that is done, 0 to 1. */
  get share(): number {
    return this.numVideos > 0 ? (this.numSkipped + this.worked) / this.numVideos : 1;
  }

  get framesPerSec(): number {
    const inFlight = [...this.inFlight.values()].reduce((sum, { numFrames }) => sum + numFrames, 0);
    return this.elapsedSec > 0 ? (this.numFrames + inFlight) / this.elapsedSec : 0;
  }

  /** Undefined while nothing tells how long a video takes. */
  get secondsLeft(): number | undefined {
    if (this.worked === 0) return undefined;
    return (this.elapsedSec / this.worked) * (this.numVideos - this.numSkipped - this.worked);
  }

  /** What the bar of the whole shows. */
  payload(): object {
    return {
      settled: this.numSettled,
      videos: this.numVideos,
      rate: this.framesPerSec.toFixed(1),
      left: spellDuration(this.secondsLeft),
    };
  }

  /** Videos labelled, in fractions. */
  private get worked(): number {
    const inFlight = [...this.inFlight.values()].reduce((sum, { share }) => sum + share, 0);
    return this.numSettled - this.numSkipped + inFlight;
  }

  private get elapsedSec(): number {
    return (this.now() - this.startMs) / 1000;
  }
}

/** 4000 → "1:06:40", 65 → "1:05". */
export function spellDuration(seconds: number | undefined): string {
  if (seconds === undefined) return '?';
  const [hours, minutes, rest] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor) as [
    number,
    number,
    number,
  ];
  const pad = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}
