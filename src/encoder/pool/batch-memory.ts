/**
 * Reusable memory for batches of frames, shared with worker threads. A decoder that writes its frames into places from here,
 * in order, fills whole batches without a copy. Frames from elsewhere are copied into a batch.
 */
export class BatchMemory {
  readonly #bytesPerFrame: number;
  readonly #batchSize: number;
  readonly #free: Uint8Array[] = [];
  /** Batches in use, by their memory. */
  readonly #lent = new Map<ArrayBufferLike, Uint8Array>();
  #filling: { pixels: Uint8Array; numFrames: number } | undefined;

  constructor(bytesPerFrame: number, batchSize: number) {
    this.#bytesPerFrame = bytesPerFrame;
    this.#batchSize = batchSize;
  }

  /** The place for the next frame: after the previous frame, or in a new batch if that one is full. */
  readonly newFrame = (): Uint8Array => {
    this.#filling ??= { pixels: this.newBatch(), numFrames: 0 };
    const { pixels, numFrames } = this.#filling;
    const begin = numFrames * this.#bytesPerFrame;
    this.#filling.numFrames++;
    if (this.#filling.numFrames === this.#batchSize) this.#filling = undefined;
    return pixels.subarray(begin, begin + this.#bytesPerFrame);
  };

  /** Memory for a batch of `batchSize` frames. It may still hold old pixels. */
  newBatch(): Uint8Array {
    const numBytes = this.#batchSize * this.#bytesPerFrame;
    const pixels = this.#free.pop() ?? new Uint8Array(new SharedArrayBuffer(numBytes));
    this.#lent.set(pixels.buffer, pixels);
    return pixels;
  }

  /** The batch that begins with this frame; undefined if the frame is not from here, or is not the first of a batch. */
  batchBeginningWith(frame: Uint8Array): Uint8Array | undefined {
    return frame.byteOffset === 0 ? this.#lent.get(frame.buffer) : undefined;
  }

  /** Takes back a batch that nobody reads any more. */
  recycle(batch: Uint8Array): void {
    const pixels = this.#lent.get(batch.buffer);
    if (!pixels) return;
    this.#lent.delete(batch.buffer);
    this.#free.push(pixels);
  }
}
