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

/** Estimates frames per second and the remaining time of a batch. Items with nothing to do do not count. */
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
