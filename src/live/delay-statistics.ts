/** A percentile is off by half a percent at most, and the number of buckets is one that no stream outgrows. */
const SIGNIFICANT_DIGITS = 3;

/** Percentiles of the delays of a stream without an end, in memory that does not grow with it. */
export class DelayStatistics {
  readonly #counts = new Map<number, number>();
  #numDelays = 0;

  /** @param delayMs - 0 or more. */
  add(delayMs: number): void {
    const bucket = Number(delayMs.toPrecision(SIGNIFICANT_DIGITS));
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#numDelays++;
  }

  /**
   * @param share - 0.5 for the median.
   * @returns The delay in ms that this share of all did not exceed; undefined where there is none.
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
