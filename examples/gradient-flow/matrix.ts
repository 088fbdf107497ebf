/** A matrix of float64 numbers in row-major order. */
export class Matrix {
  constructor(
    readonly numRows: number,
    readonly numColumns: number,
    readonly values = new Float64Array(numRows * numColumns),
  ) {}

  /** Ones on the diagonal, zeros elsewhere. */
  static identity(numRows: number, numColumns = numRows): Matrix {
    const identity = new Matrix(numRows, numColumns);
    for (let index = 0; index < Math.min(numRows, numColumns); index++) {
      identity.values[index * numColumns + index] = 1;
    }
    return identity;
  }

  /** Multiplies this matrix by another. */
  times(other: Matrix): Matrix {
    const product = new Matrix(this.numRows, other.numColumns);
    for (let row = 0; row < this.numRows; row++) {
      const target = product.values.subarray(row * other.numColumns, (row + 1) * other.numColumns);
      for (let inner = 0; inner < this.numColumns; inner++) {
        const factor = this.values[row * this.numColumns + inner]!;
        const offset = inner * other.numColumns;
        for (let column = 0; column < target.length; column++) {
          target[column]! += factor * other.values[offset + column]!;
        }
      }
    }
    return product;
  }

  /** Returns the columns `[start, end)`. */
  columns(start: number, end: number): Matrix {
    const part = new Matrix(this.numRows, end - start);
    for (let row = 0; row < this.numRows; row++) {
      const offset = row * this.numColumns;
      part.values.set(this.values.subarray(offset + start, offset + end), row * part.numColumns);
    }
    return part;
  }

  transposed(): Matrix {
    const transposed = new Matrix(this.numColumns, this.numRows);
    this.values.forEach((value, index) => {
      const [row, column] = [Math.floor(index / this.numColumns), index % this.numColumns];
      transposed.values[column * this.numRows + row] = value;
    });
    return transposed;
  }

  /**
   * The spectral norm, the largest factor by which this matrix stretches a vector: the square root of the largest eigenvalue λ of MᵀM.
   * Repeated squaring of MᵀM lets λ dominate. After 24 squarings, the (2²⁴)th root of the largest number differs from λ by less
   * than one part in a million, however close the next eigenvalue is.
   */
  norm(): number {
    let [scaled, scale] = this.#scaled();
    if (scale === 0) return 0;
    const norm = scale;
    scaled = scaled.transposed().times(scaled);
    let logEigenvalue = 0;
    for (let squaring = 0; squaring <= 24; squaring++) {
      [scaled, scale] = scaled.#scaled();
      logEigenvalue += Math.log(scale) / 2 ** squaring;
      scaled = scaled.times(scaled);
    }
    return norm * Math.exp(logEigenvalue / 2);
  }

  /** Divides this matrix by its largest number, so that no product underflows or overflows. Returns both. */
  #scaled(): [Matrix, number] {
    const largest = this.values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const scaled = this.values.map((value) => value / largest);
    return [new Matrix(this.numRows, this.numColumns, scaled), largest];
  }
}
