/** A binary heap: gives back its items first to last, however they were pushed, each in time log n. */
export class PriorityQueue<Item> {
  readonly #heap: Item[] = [];
  readonly #compare: (a: Item, b: Item) => number;

  /** @param compare - Negative where `a` comes before `b`, as for `Array.prototype.sort`. */
  constructor(compare: (a: Item, b: Item) => number) {
    this.#compare = compare;
  }

  push(item: Item): void {
    const heap = this.#heap;
    let hole = heap.length;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (this.#compare(item, heap[parent] as Item) >= 0) break;
      heap[hole] = heap[parent] as Item;
      hole = parent;
    }
    heap[hole] = item;
  }

  /** Takes the first item out; undefined where none is left. */
  pop(): Item | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child + 1 < heap.length && this.#compare(heap[child + 1] as Item, heap[child] as Item) < 0) child++;
      if (child >= heap.length || this.#compare(last, heap[child] as Item) <= 0) break;
      heap[hole] = heap[child] as Item;
      hole = child;
    }
    heap[hole] = last;
    return first;
  }
}
