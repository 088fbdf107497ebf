/** Row of every value that a vocabulary does not hold. */
export const UNKNOWN_ROW = 0;

/** Numbers the values of a feature that occur often enough to learn from. */
export class Vocabulary {
  readonly #rows = new Map<string, number>();

  /**
   * @param values - Every occurrence in the training data.
   * @param minCount - Occurrences that a value needs; the rarer ones share {@link UNKNOWN_ROW}, which is how a tagger
   *   learns what to make of a word it has never met.
   */
  constructor(values: Iterable<string>, minCount: number) {
    const counts = new Map<string, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    for (const [value, count] of counts) {
      if (count >= minCount) this.#rows.set(value, this.#rows.size + 1);
    }
  }

  /** Rows in use, {@link UNKNOWN_ROW} among them. */
  get numRows(): number {
    return this.#rows.size + 1;
  }

  /** @returns The rows of those values that are known; if none is, {@link UNKNOWN_ROW}. Never empty. */
  rowsOf(values: readonly string[]): number[] {
    const rows = values.map((value) => this.#rows.get(value)).filter((row) => row !== undefined);
    return rows.length > 0 ? rows : [UNKNOWN_ROW];
  }
}
