/** Row of every value that is not in a vocabulary. */
export const UNKNOWN_ROW = 0;

/** Numbers the frequent values of a feature. */
export class Vocabulary {
  readonly #rows = new Map<string, number>();

  /**
   * @param values - Every occurrence in the training data.
   * @param minCount - Occurrences that a value needs. Rarer values share {@link UNKNOWN_ROW}, so the tagger learns how to treat
   *   unknown words.
   */
  constructor(values: Iterable<string>, minCount: number) {
    const counts = new Map<string, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    for (const [value, count] of counts) {
      if (count >= minCount) this.#rows.set(value, this.#rows.size + 1);
    }
  }

  /** Number of rows, with {@link UNKNOWN_ROW}. */
  get numRows(): number {
    return this.#rows.size + 1;
  }

  /** @returns Rows of the known values, or {@link UNKNOWN_ROW} if none is known. Never empty. */
  rowsOf(values: readonly string[]): number[] {
    const rows = values.map((value) => this.#rows.get(value)).filter((row) => row !== undefined);
    return rows.length > 0 ? rows : [UNKNOWN_ROW];
  }
}
