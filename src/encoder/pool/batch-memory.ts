/**
 * Memory for batches of frames, shared with worker threads and used again. A decoder that fills places from here in
 * order has laid out whole batches without a copy; one that does not is copied into a batch.
 */
export class BatchMemory {
  readonly #bytesPerFrame: number;
  readonly #batchSize: number;
  readonly #free: Uint8Array[] = [];
  /** Batches handed out, by their memory. */
  readonly #lent = new Map<ArrayBufferLike, Uint8Array>();
  #filling: { pixels: Uint8Array; numFrames: number } | undefined;

  constructor(bytesPerFrame: number, batchSize: number) {
    this.#bytesPerFrame = bytesPerFrame;
    this.#batchSize = batchSize;
  }

  /** The place of the next frame, behind the one before it where their batch has room for both. */
  readonly newFrame = (): Uint8Array => {
    this.#filling ??= { pixels: this.newBatch(), numFrames: 0 };
    const { pixels, numFrames } = this.#filling;
    const begin = numFrames * this.#bytesPerFrame;
    this.#filling.numFrames++;
    if (this.#filling.numFrames === this.#batchSize) this.#filling = undefined;
    return pixels.subarray(begin, begin + this.#bytesPerFrame);
  };

  /** Places for a whole batch, `batchSize` frames. What was in them may still be there. */
  newBatch(): Uint8Array {
    const numBytes = this.#batchSize * this.#bytesPerFrame;
    const pixels = this.#free.pop() ?? new Uint8Array(new SharedArrayBuffer(numBytes));
    this.#lent.set(pixels.buffer, pixels);
    return pixels;
  }

  /** The batch that begins with this frame; undefined if the frame is not from here, or is not a first one. */
  batchBeginningWith(frame: Uint8Array): Uint8Array | undefined {
    return frame.byteOffset === 0 ? this.#lent.get(frame.buffer) : undefined;
  }

  /** Takes a batch back that nobody reads any more. */
  recycle(batch: Uint8Array): void {
    const pixels = this.#lent.get(batch.buffer);
    if (!pixels) return;
    this.#lent.delete(batch.buffer);
    this.#free.push(pixels);
  }
}
