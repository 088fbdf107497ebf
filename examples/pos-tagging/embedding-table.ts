import type { Random } from '../../src/training/data/random.js';

const [MEAN_DECAY, VARIANCE_DECAY, EPSILON] = [0.9, 0.999, 1e-8];

/**
 * A learned vector per row, outside TensorFlow.js. There, the gradient of a lookup and each step of the optimizer cover the whole
 * table. Here, both cover only the rows that a batch uses.
 *
 * Each row has its own step count of Adam, which advances only when the row is used.
 *
 * @see Kingma and Ba 2015, arXiv:1412.6980.
 */
export class EmbeddingTable {
  readonly #vectors: Float32Array;
  readonly #means: Float32Array;
  readonly #variances: Float32Array;
  readonly #gradients: Float32Array;
  readonly #clocks: Int32Array;
  readonly #touched = new Set<number>();

  /** Initializes with uniform numbers of variance 1 / `width`, so that the expected length of a vector is about 1. */
  constructor(
    numRows: number,
    readonly width: number,
    random: Random,
  ) {
    const limit = Math.sqrt(3 / width);
    this.#vectors = Float32Array.from({ length: numRows * width }, () => limit * (2 * random() - 1));
    this.#means = new Float32Array(numRows * width);
    this.#variances = new Float32Array(numRows * width);
    this.#gradients = new Float32Array(numRows * width);
    this.#clocks = new Int32Array(numRows);
  }

  /** Adds the mean of some rows to the `width` numbers of `target` from `offset` on. */
  addMean(rows: readonly number[], target: Float32Array, offset: number): void {
    const share = 1 / rows.length;
    for (const row of rows) {
      const start = row * this.width;
      for (let i = 0; i < this.width; i++) target[offset + i]! += share * this.#vectors[start + i]!;
    }
  }

  /** Adds the gradient of a mean from {@link addMean}. Gradients of one row add up. */
  addGradient(rows: readonly number[], gradient: Float32Array, offset: number): void {
    const share = 1 / rows.length;
    for (const row of rows) {
      this.#touched.add(row);
      const start = row * this.width;
      for (let i = 0; i < this.width; i++) this.#gradients[start + i]! += share * gradient[offset + i]!;
    }
  }

  /** Moves the rows with a gradient by one step of Adam, and clears the gradients. */
  step(learningRate: number): void {
    for (const row of this.#touched) {
      const clock = ++this.#clocks[row]!;
      const meanScale = 1 / (1 - MEAN_DECAY ** clock);
      const varianceScale = 1 / (1 - VARIANCE_DECAY ** clock);
      for (let i = row * this.width; i < (row + 1) * this.width; i++) {
        const gradient = this.#gradients[i]!;
        const mean = (this.#means[i] = MEAN_DECAY * this.#means[i]! + (1 - MEAN_DECAY) * gradient);
        const variance = (this.#variances[i] =
          VARIANCE_DECAY * this.#variances[i]! + (1 - VARIANCE_DECAY) * gradient * gradient);
        this.#vectors[i]! -=
          (learningRate * mean * meanScale) / (Math.sqrt(variance * varianceScale) + EPSILON);
        this.#gradients[i] = 0;
      }
    }
    this.#touched.clear();
  }
}
