import { Writable } from 'node:stream';

/** Whole frames that may wait for the consumer; then the pipe is left full and ffmpeg waits. */
const MAX_WAITING_FRAMES = 8;

/**
 * Cuts a stream of raw pixels into frames, wherever the pipe's chunks begin and end. A frame's bytes are copied once,
 * to where they are wanted; it then belongs to whoever takes it.
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

  /**
   * @param frameBytes - Bytes of one frame.
   * @param onArrival - Called whenever bytes have come.
   * @param newFrame - Gives the memory of the next frame.
   */
  constructor(
    frameBytes: number,
    onArrival: () => void,
    newFrame: () => Uint8Array = () => new Uint8Array(frameBytes),
  ) {
    // fluent-ffmpeg takes the `close` event of its output for a failure, and would kill an ffmpeg that is
    // just ending.
    super({ autoDestroy: false, emitClose: false });
    this.#frameBytes = frameBytes;
    this.#onArrival = onArrival;
    this.#newFrame = newFrame;
  }

  /** Whether the consumer is the one that is waited for. */
  get isFull(): boolean {
    return this.#resume !== undefined;
  }

  get hasFrame(): boolean {
    return this.#waiting.length > 0;
  }

  /** Bytes of a frame that has begun and is not complete. */
  get partialBytes(): number {
    return this.#filled;
  }

  /** Takes the oldest whole frame. */
  take(): Uint8Array | undefined {
    const frame = this.#waiting.shift();
    if (this.#waiting.length < MAX_WAITING_FRAMES) this.#proceed();
    return frame;
  }

  /** Lets everything still to come fall away, so that the pipe empties and the process can end. */
  discard(): void {
    this.#isDiscarding = true;
    this.#waiting.length = 0;
    this.#proceed();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: () => void): void {
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
