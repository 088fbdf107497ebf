import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  UsageError,
  VideoDecodeError,
  VideoOpenError,
  VideoStalledError,
  type FramewiseError,
} from '../errors.js';
import type { VideoFrame } from '../video/video-frame.js';

const FIRST_PAUSE_SEC = 1;
const LONGEST_PAUSE_SEC = 30;

/** A lost connection, and when the next attempt follows. */
export interface ConnectionLoss {
  /** Why the connection was lost. Absent if the source just ended. */
  error?: FramewiseError;
  /** Number of the next attempt since the last frame, counted from 1. */
  attempt: number;
  /** Seconds until that attempt. */
  pauseSec: number;
}

/** When and how often to reconnect to a source. */
export interface ReconnectOptions {
  /** Attempts in a row. Infinity: unlimited. */
  attempts: number;
  /** Whether a source is retried even if it has never delivered a frame. */
  isFirstRetried: boolean;
  /** Whether the source continues after a connection ended. Otherwise it has reached its own end. Called each time. */
  isEndless: () => boolean;
  onLoss?: (loss: ConnectionLoss) => void;
  /** Ends a pause. Its reason is thrown. */
  signal?: AbortSignal;
}

/**
 * Yields the items of one connection after another. A connection that is lost, or that ends although the source is
 * endless, is followed by the next one after a growing pause.
 *
 * @throws {UsageError} If `attempts` is negative.
 * @throws {VideoOpenError | VideoDecodeError | VideoStalledError} The error of the last connection, if no attempt is left.
 * @throws Any other error of a connection, which reconnecting cannot fix.
 */
export async function* reconnecting<T>(
  connect: () => AsyncIterable<T>,
  { attempts, isFirstRetried, isEndless, onLoss, signal }: ReconnectOptions,
): AsyncGenerator<T> {
  if (!(attempts >= 0)) {
    throw new UsageError(`Attempts to reconnect: expected 0 or more, received ${attempts}.`);
  }
  let hasBegun = isFirstRetried;
  let numFailures = 0;
  for (;;) {
    let error: FramewiseError | undefined;
    try {
      for await (const item of connect()) {
        hasBegun = true;
        numFailures = 0;
        yield item;
      }
    } catch (reason) {
      if (signal?.aborted || !isLoss(reason)) throw reason;
      error = reason;
    }
    if (!isEndless() || !hasBegun || numFailures >= attempts) {
      if (error) throw error;
      return;
    }
    const pauseSec = backOffSec(numFailures++);
    // Without the key if there is no error: listeners may test for it.
    onLoss?.({ ...(error ? { error } : {}), attempt: numFailures, pauseSec });
    await pause(pauseSec, signal);
  }
}

/**
 * Returns the seconds to wait after a number of failures in a row: 1, 2, 4, … up to 30. Half of it is random, so that
 * not all cameras of a recovering network are contacted at the same moment.
 *
 * @param random - Returns numbers from 0 to 1.
 */
export function backOffSec(numFailures: number, random: () => number = Math.random): number {
  const longestSec = Math.min(FIRST_PAUSE_SEC * 2 ** numFailures, LONGEST_PAUSE_SEC);
  return longestSec * (0.5 + 0.5 * random());
}

function isLoss(reason: unknown): reason is FramewiseError {
  const kinds = [VideoOpenError, VideoDecodeError, VideoStalledError];
  return kinds.some((kind) => reason instanceof kind);
}

async function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(1000 * seconds, undefined, signal && { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/**
 * Puts the frames of successive connections on one common clock. Each connection has a clock that starts at zero. The
 * stream uses the clock of the first one; later clocks are shifted so that their first frame is at its arrival time.
 */
export class LiveClock {
  #origin: { timeSec: number; arrivalMs: number } | undefined;
  #offsetSec: number | undefined;
  #lastSec = -Infinity;

  readonly #stepSec: number;

  /** @param stepSec - Least time between the last frame of a connection and the first frame of the next. */
  constructor(stepSec: number) {
    this.#stepSec = stepSec;
  }

  /** Announces that the next frame is the first of another connection. */
  beginConnection(): void {
    this.#offsetSec = undefined;
  }

  /**
   * @param timeSec - Time of the frame on the connection's clock.
   * @param arrivalMs - Arrival time of the frame on any steady clock.
   * @returns Seconds since the start of the stream, never less than for the frame before.
   */
  timeOf(timeSec: number, arrivalMs: number): number {
    this.#origin ??= { timeSec, arrivalMs };
    if (this.#offsetSec === undefined) {
      const elapsedSec = this.#origin.timeSec + (arrivalMs - this.#origin.arrivalMs) / 1000;
      this.#offsetSec = Math.max(elapsedSec, this.#lastSec + this.#stepSec) - timeSec;
    }
    this.#lastSec = timeSec + this.#offsetSec;
    return this.#lastSec;
  }
}

/** Five hours at five frames per second. A longer source counts as live, so that memory stays bounded. */
const MAX_REMEMBERED = 100_000;

/**
 * Distinguishes a recording, which starts again with each connection, from a source that continues. Only the frames show
 * the difference, because ffmpeg does not tell whether a transfer of unknown length ended or broke. No two frames of a
 * camera are identical to the last bit, except with a covered lens or a "no signal" picture. Connections that show only
 * one still picture are therefore not judged.
 */
export class KnownFrames {
  #known: number[] = []; // one mark per frame of the last connection that delivered a new frame
  #isRepetition = false;

  /** Whether the last connection delivered exactly the frames of an earlier one and ended at the same frame. */
  get isRepetition(): boolean {
    return this.#isRepetition;
  }

  /**
   * Leaves out the frames at the start of a connection that repeat an earlier connection.
   *
   * @param frames - Frames of one connection.
   * @returns The other frames, with `index` counted from 0.
   */
  async *leaveOut(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    this.#isRepetition = false;
    const known = this.#known;
    const own: number[] = [];
    let isKnown = true;
    let isStill = true;
    let first: VideoFrame | undefined; // held until the second frame shows whether the picture is still
    let index = 0;
    for await (const frame of frames) {
      if (own.length < MAX_REMEMBERED) {
        const mark = markOf(frame);
        isKnown &&= mark === known[own.length];
        own.push(mark);
        isStill &&= mark === own[0];
      } else isKnown = false;
      if (!isKnown) this.#known = own;
      if (isKnown && own.length === 1) {
        first = frame;
        continue;
      }
      const isWanted = !isKnown || isStill;
      if (first && isWanted) yield { ...first, index: index++ };
      first = undefined;
      if (isWanted) yield { ...frame, index: index++ };
    }
    if (first) yield first;
    this.#isRepetition = isKnown && !isStill && own.length === known.length;
  }
}

function markOf({ data }: VideoFrame): number {
  return createHash('sha1').update(data).digest().readInt32LE();
}
