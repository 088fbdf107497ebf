import { Writable } from 'node:stream';

/** Complete frames that may wait for the consumer. Then the pipe stays full and ffmpeg waits. */
const MAX_WAITING_FRAMES = 8;

/**
 * Splits a stream of raw pixels into frames, however the pipe splits it into chunks. The bytes of a frame are copied
 * once, into memory from `newFrame`, and then belong to the caller of `take`.
 */
export class FrameAssembler extends Writable {
  readonly #frameBytes: number;
  readonly #newFrame: () => Uint8Array;
  readonly #onArrival: () => void;
  readonly #waiting: Uint8Array[] = [];
  #current: Uint8Array | undefined;
  #filled = 0;
  #resume: (() => void) | undefined;
  #isDiscarding = false;
  #isHeld = false;
  #held: (() => void) | undefined;

  /**
   * @param frameBytes - Bytes of one frame.
   * @param onArrival - Called whenever bytes have arrived.
   * @param newFrame - Returns the memory for the next frame.
   */
  constructor(
    frameBytes: number,
    onArrival: () => void,
    newFrame: () => Uint8Array = () => new Uint8Array(frameBytes),
  ) {
    // The consumer may still take frames after the stream has ended.
    super({ autoDestroy: false, emitClose: false });
    this.#frameBytes = frameBytes;
    this.#onArrival = onArrival;
    this.#newFrame = newFrame;
  }

  /** Whether ffmpeg waits for the consumer. */
  get isFull(): boolean {
    return this.#resume !== undefined;
  }

  get hasFrame(): boolean {
    return this.#waiting.length > 0;
  }

  /** Bytes of the incomplete frame at the end. */
  get partialBytes(): number {
    return this.#filled;
  }

  /** Leaves arriving bytes unread until {@link release}, so that no memory is taken for a frame. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    const write = this.#held;
    this.#held = undefined;
    write?.();
  }

  /** Removes and returns the oldest complete frame. */
  take(): Uint8Array | undefined {
    const frame = this.#waiting.shift();
    if (this.#waiting.length < MAX_WAITING_FRAMES) this.#proceed();
    return frame;
  }

  /** Discards all frames, also those still to come, so that the pipe empties and the process can end. */
  discard(): void {
    this.#isDiscarding = true;
    this.#waiting.length = 0;
    this.release();
    this.#proceed();
  }

  override _write(chunk: Uint8Array, encoding: BufferEncoding, callback: () => void): void {
    if (this.#isHeld) {
      this.#held = () => this._write(chunk, encoding, callback);
      return;
    }
    if (!this.#isDiscarding) {
      this.#append(chunk);
      this.#onArrival();
    }
    if (this.#waiting.length < MAX_WAITING_FRAMES) callback();
    else this.#resume = callback;
  }

  #append(chunk: Uint8Array): void {
    for (let offset = 0; offset < chunk.length;) {
      this.#current ??= this.#newFrame();
      const numBytes = Math.min(chunk.length - offset, this.#frameBytes - this.#filled);
      this.#current.set(chunk.subarray(offset, offset + numBytes), this.#filled);
      offset += numBytes;
      this.#filled += numBytes;
      if (this.#filled === this.#frameBytes) {
        this.#waiting.push(this.#current);
        this.#current = undefined;
        this.#filled = 0;
      }
    }
  }

  #proceed(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }
}
