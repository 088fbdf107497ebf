/**
 * Times of a stream that is made of several connections, each with a clock of its own that begins at zero. The first one's
 * is the stream's; later ones are put to where the wall clock says that their first frame came.
 */
export class LiveClock {
  #origin: { timeSec: number; arrivalMs: number } | undefined;
  #offsetSec: number | undefined;
  #lastSec = -Infinity;

  /** @param stepSec - Least time between the last frame of a connection and the first of the next. */
  constructor(private readonly stepSec: number) {}

  /** The next frames are those of another connection. */
  beginConnection(): void {
    this.#offsetSec = undefined;
  }

  /**
   * @param timeSec - On the connection's clock.
   * @param arrivalMs - When the frame came, on any clock that runs on.
   * @returns Seconds since the stream's start, never less than those of the frame before.
   */
  timeOf(timeSec: number, arrivalMs: number): number {
    this.#origin ??= { timeSec, arrivalMs };
    if (this.#offsetSec === undefined) {
      const elapsedSec = this.#origin.timeSec + (arrivalMs - this.#origin.arrivalMs) / 1000;
      this.#offsetSec = Math.max(elapsedSec, this.#lastSec + this.stepSec) - timeSec;
    }
    this.#lastSec = timeSec + this.#offsetSec;
    return this.#lastSec;
  }
}
