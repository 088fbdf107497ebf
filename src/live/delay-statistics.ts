/** Percentiles are accurate to half a percent, and the number of buckets stays small however long a stream is. */
const SIGNIFICANT_DIGITS = 3;

/** Percentiles of the delays of an endless stream, in bounded memory. */
export class DelayStatistics {
  readonly #counts = new Map<number, number>();
  #numDelays = 0;

  /** @param delayMs - Delay in milliseconds, 0 or more. */
  add(delayMs: number): void {
    const bucket = Number(delayMs.toPrecision(SIGNIFICANT_DIGITS));
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#numDelays++;
  }

  /**
   * @param share - For example 0.5 for the median.
   * @returns The delay in milliseconds that this share of all delays did not exceed. Undefined without delays.
   */
  percentile(share: number): number | undefined {
    const rank = Math.max(1, Math.ceil(share * this.#numDelays));
    let numSeen = 0;
    for (const [delayMs, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      numSeen += count;
      if (numSeen >= rank) return delayMs;
    }
    return undefined;
  }
}
