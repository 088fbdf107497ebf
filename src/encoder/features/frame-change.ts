/** Side of the tiles whose change is looked at, pixels: small enough that a person far away fills some of them. */
const TILE_SIZE = 16;

/**
 * Tells frames that show something new from those that look like the last one that did. Compared is with that one, not
 * with the neighbor, so that slow changes add up until they are seen.
 */
export class ChangeDetector {
  readonly #rowBytes: number;
  readonly #threshold: number;
  #lastChanged: Uint8Array | undefined;

  /**
   * @param width - Of the frames, pixels.
   * @param threshold - Gray levels, 0 to 255, by which some tile of 16 by 16 pixels must change on average.
   */
  constructor(width: number, threshold: number) {
    this.#rowBytes = 3 * width;
    this.#threshold = threshold;
  }

  /** @param pixels - RGB24, rows of `width` pixels; they are copied where they are kept. */
  isChanged(pixels: Uint8Array): boolean {
    const isChanged = !this.#lastChanged || this.#differs(pixels, this.#lastChanged);
    if (isChanged) (this.#lastChanged ??= new Uint8Array(pixels.length)).set(pixels);
    return isChanged;
  }

  #differs(pixels: Uint8Array, before: Uint8Array): boolean {
    const tileBytes = 3 * TILE_SIZE;
    const bandBytes = TILE_SIZE * this.#rowBytes;
    for (let band = 0; band < pixels.length; band += bandBytes) {
      for (let column = 0; column < this.#rowBytes; column += tileBytes) {
        const columnEnd = Math.min(column + tileBytes, this.#rowBytes);
        const bandEnd = Math.min(band + bandBytes, pixels.length);
        if (this.#tileDiffers(pixels, before, { band, bandEnd, column, columnEnd })) return true;
      }
    }
    return false;
  }

  #tileDiffers(
    pixels: Uint8Array,
    before: Uint8Array,
    { band, bandEnd, column, columnEnd }: Record<'band' | 'bandEnd' | 'column' | 'columnEnd', number>,
  ): boolean {
    let difference = 0;
    let numBytes = 0;
    for (let row = band; row < bandEnd; row += this.#rowBytes) {
      for (let at = row + column; at < row + columnEnd; at++)
        difference += Math.abs(pixels[at]! - before[at]!);
      numBytes += columnEnd - column;
    }
    return difference >= this.#threshold * numBytes;
  }
}
