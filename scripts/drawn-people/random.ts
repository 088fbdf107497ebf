/**
 * A seeded source of numbers: the same seed gives the same people, scenes and timing on every machine.
 *
 * @see mulberry32, Tommy Ettinger 2017, public domain: a 32-bit Weyl sequence through a mixing function.
 */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Uniform whole number, both ends included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Standard normal, by Box and Muller's transform. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  /** @throws {RangeError} If there is nothing to pick from. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) throw new RangeError('Cannot pick from an empty list.');
    return item;
  }

  /**
   * Picks an item with a probability in proportion to its weight.
   *
   * @throws {RangeError} If no weight is above 0.
   */
  pickWeighted<Item>(items: readonly Item[], weightOf: (item: Item) => number): Item {
    let left = this.next() * items.reduce((sum, item) => sum + weightOf(item), 0);
    for (const item of items) if ((left -= weightOf(item)) < 0) return item;
    throw new RangeError('Cannot pick: no item has a weight above 0.');
  }

  /** An independent source, so that drawing more numbers here does not change what is drawn there. */
  fork(): Random {
    return new Random(this.next() * 2 ** 32);
  }
}
