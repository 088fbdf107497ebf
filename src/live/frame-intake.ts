import { UsageError } from '../errors.js';
import type { VideoFrame } from '../video/video-frame.js';

/** How many frames may wait, and what happens if there are more. */
export interface FrameIntakeOptions {
  /** Number of frames that may wait, 1 or more. */
  maxWaiting: number;
  /** Whether the oldest one is dropped when another arrives. Otherwise the source waits. Called whenever the queue is full. */
  mayDrop: () => boolean;
}

/**
 * The queue between a source, which is read as fast as it delivers frames, and a consumer that may be slower. It holds at
 * most `maxWaiting` frames and remembers the arrival time of each.
 */
export class FrameIntake {
  readonly #waiting: VideoFrame[] = [];
  readonly #arrivalsMs = new Map<number, number>();
  #wakeConsumer = () => {};
  #wakeSource = () => {};
  #isClosed = false;
  #numReceived = 0;

  readonly #options: FrameIntakeOptions;

  /** @throws {UsageError} If `maxWaiting` is not a positive integer. */
  constructor(options: FrameIntakeOptions) {
    this.#options = options;
    const { maxWaiting } = options;
    if (!(Number.isInteger(maxWaiting) && maxWaiting >= 1)) {
      throw new UsageError(`maxWaiting is ${maxWaiting}; expected a positive integer number of frames.`);
    }
  }

  /**
   * Yields the frames of a source in order, without the dropped ones, then throws what the source threw. Closing the
   * generator closes the source, after the frame that is being read.
   */
  async *receive(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    let end: { failure?: { reason: unknown } } | undefined;
    const reading = this.#readAll(frames)
      .then(
        () => (end = {}),
        (reason: unknown) => (end = { failure: { reason } }),
      )
      .then(() => this.#wakeConsumer());
    try {
      for (;;) {
        const frame = this.#waiting.shift();
        this.#wakeSource();
        if (frame) yield frame;
        else if (end) break;
        else await new Promise<void>((resolve) => (this.#wakeConsumer = resolve));
      }
      if (end.failure) throw end.failure.reason;
    } finally {
      this.#isClosed = true;
      this.#wakeSource();
      await reading;
    }
  }

  /** Number of frames that have arrived, including dropped ones. */
  get numReceived(): number {
    return this.#numReceived;
  }

  /** Returns and forgets the arrival time of a frame, in milliseconds on the clock of `performance.now()`. */
  takeArrivalMs(index: number): number {
    const arrivalMs = this.#arrivalsMs.get(index);
    this.#arrivalsMs.delete(index);
    return arrivalMs ?? performance.now();
  }

  async #readAll(frames: AsyncIterable<VideoFrame>): Promise<void> {
    const { maxWaiting, mayDrop } = this.#options;
    for await (const frame of frames) {
      this.#numReceived++;
      this.#arrivalsMs.set(frame.index, performance.now());
      while (this.#waiting.length === maxWaiting && !this.#isClosed) {
        if (mayDrop()) this.#arrivalsMs.delete(this.#waiting.shift()!.index);
        else await new Promise<void>((resolve) => (this.#wakeSource = resolve));
      }
      if (this.#isClosed) return;
      this.#waiting.push(frame);
      this.#wakeConsumer();
    }
  }
}
