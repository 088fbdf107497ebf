import { DelayStatistics } from '../../live/delay-statistics.js';
import type { ConnectionLoss } from '../../live/reconnect.js';
import type { StreamedFrame } from '../../live/stream-options.js';
import { maskPassword } from '../../video/video-source.js';
import { printNote, type Terminal } from './terminal.js';

/** Counts what a stream comes to, and tells a person of connections that are lost and come back. */
export class LiveTally {
  readonly #delays = new DelayStatistics();
  readonly #source: string;
  #numFrames = 0;
  #numDropped = 0;
  #numReconnects = 0;
  #isLost = false;

  constructor(
    private readonly terminal: Terminal,
    source: string,
  ) {
    this.#source = maskPassword(source);
  }

  /** A frame was labeled. */
  count({ delayMs, numDropped }: StreamedFrame): void {
    this.#numFrames++;
    this.#numDropped += numDropped;
    this.#delays.add(delayMs);
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#numReconnects++;
    printNote(this.terminal, this.#source, 'connected again');
  }

  /** A connection was lost, and will be tried again. */
  lose({ error, attempt, pauseSec }: ConnectionLoss): void {
    this.#isLost = true;
    const why = error?.message ?? 'The source ended.';
    const next = `Connecting again in ${pauseSec.toFixed(1)} s, attempt ${attempt}.`;
    printNote(this.terminal, `${this.#source}: ${why} ${next}`, 'lost');
  }

  /** The last line of the output; delays are null where no frame was labeled. */
  summary(): object {
    const delay = (share: number) => this.#delays.percentile(share) ?? null;
    return {
      type: 'summary',
      source: this.#source,
      numFrames: this.#numFrames,
      numDropped: this.#numDropped,
      numReconnects: this.#numReconnects,
      medianDelayMs: delay(0.5),
      p95DelayMs: delay(0.95),
    };
  }
}
