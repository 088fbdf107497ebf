import { UsageError } from '../errors.js';
import type { VideoFrame } from '../video/video-frame.js';

/** How many frames wait, and what happens when they are too many. */
export interface FrameIntakeOptions {
  /** Frames that may wait, 1 or more. */
  maxWaiting: number;
  /** Whether the oldest of them is dropped when one more comes; else the source waits. Asked each time. */
  mayDrop: () => boolean;
}

/**
 * The queue between a source, which is read as fast as it gives frames, and a consumer that may be slower. It never holds
 * more than `maxWaiting` frames, and remembers when each one came.
 */
export class FrameIntake {
  readonly #waiting: VideoFrame[] = [];
  readonly #arrivalsMs = new Map<number, number>();
  #wakeConsumer = () => {};
  #wakeSource = () => {};
  #isClosed = false;
  #numReceived = 0;

  /** @throws {UsageError} If not even one frame may wait. */
  constructor(private readonly options: FrameIntakeOptions) {
    const { maxWaiting } = options;
    if (!(Number.isInteger(maxWaiting) && maxWaiting >= 1)) {
      throw new UsageError(`maxWaiting is ${maxWaiting}; expected a whole number of frames, 1 or more.`);
    }
  }

  /**
   * Gives a source's frames in order, but for the dropped ones, then what the source threw. Closing it closes the source,
   * and waits for a frame being read.
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

  /** Frames that came, dropped ones among them. */
  get numReceived(): number {
    return this.#numReceived;
  }

  /** When a frame came that was received, on the clock of `performance.now()`, in ms. Can be asked once a frame. */
  takeArrivalMs(index: number): number {
    const arrivalMs = this.#arrivalsMs.get(index);
    this.#arrivalsMs.delete(index);
    return arrivalMs ?? performance.now();
  }

  async #readAll(frames: AsyncIterable<VideoFrame>): Promise<void> {
    const { maxWaiting, mayDrop } = this.options;
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
