/** How far a video has come. */
export interface Step {
  doneSec: number;
  /** 0 if unknown. */
  durationSec: number;
  numFrames: number;
}

/** A video that is being worked on. */
export interface InFlight {
  name: string;
  /** 0 to 1; undefined if its length is unknown. */
  share: number | undefined;
  numFrames: number;
  /** Since it was first heard of; undefined before the second time. */
  framesPerSec: number | undefined;
}

interface Course extends InFlight {
  startMs: number;
  startFrames: number;
}

/** Frames a second and the time left of a batch, by the items that there was something to do for. */
export class BatchPace {
  readonly #courses = new Map<string, Course>();
  readonly #startMs = performance.now();
  #numSettled = 0;
  #numSkipped = 0;
  #numFrames = 0;

  constructor(readonly numItems: number) {}

  /** An item is begun, or has come further. */
  advance(name: string, { doneSec, durationSec, numFrames }: Step): void {
    const nowMs = performance.now();
    const { startMs, startFrames } = this.#courses.get(name) ?? { startMs: nowMs, startFrames: numFrames };
    const share = durationSec > 0 ? Math.min(doneSec / durationSec, 1) : undefined;
    const framesPerSec = nowMs > startMs ? (1000 * (numFrames - startFrames)) / (nowMs - startMs) : undefined;
    this.#courses.set(name, { name, share, numFrames, framesPerSec, startMs, startFrames });
  }

  /** @param numFrames - Undefined if there was nothing to do. */
  settle(name: string, numFrames: number | undefined): void {
    this.#courses.delete(name);
    this.#numSettled++;
    if (numFrames === undefined) this.#numSkipped++;
    else this.#numFrames += numFrames;
  }

  get inFlight(): InFlight[] {
    return [...this.#courses.values()];
  }

  get numSettled(): number {
    return this.#numSettled;
  }

  /** Share of the batch that is done, 0 to 1. */
  get share(): number {
    return this.numItems > 0 ? (this.#numSkipped + this.#worked) / this.numItems : 1;
  }

  get framesPerSec(): number {
    const numFrames = this.inFlight.reduce((sum, course) => sum + course.numFrames, this.#numFrames);
    return this.#elapsedSec > 0 ? numFrames / this.#elapsedSec : 0;
  }

  /** Undefined while nothing tells how long an item takes. */
  get secondsLeft(): number | undefined {
    if (this.#worked === 0) return undefined;
    return (this.#elapsedSec / this.#worked) * (this.numItems - this.#numSkipped - this.#worked);
  }

  /** Items worked on, in fractions. */
  get #worked(): number {
    const numDone = this.#numSettled - this.#numSkipped;
    return this.inFlight.reduce((sum, { share = 0 }) => sum + share, numDone);
  }

  get #elapsedSec(): number {
    return (performance.now() - this.#startMs) / 1000;
  }
}
