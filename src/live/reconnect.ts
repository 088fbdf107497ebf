import { setTimeout as sleep } from 'node:timers/promises';
import {
  UsageError,
  VideoDecodeError,
  VideoOpenError,
  VideoStalledError,
  type FramewiseError,
} from '../errors.js';

const FIRST_PAUSE_SEC = 1;
const LONGEST_PAUSE_SEC = 30;

/** A connection that was lost, and what happens next. */
export interface ConnectionLoss {
  /** Why it was lost; absent where the source just ended. */
  error?: FramewiseError;
  /** Which attempt comes next, from 1, since a frame came last. */
  attempt: number;
  /** Seconds until then. */
  pauseSec: number;
}

/** When and how often a source is connected with anew. */
export interface ReconnectOptions {
  /** Attempts in a row; Infinity: without end. */
  attempts: number;
  /** Whether a source that has never given a frame is tried again too. */
  isFirstRetried: boolean;
  /** Whether the source goes on after its connection ended, or came to its own end. Asked each time. */
  isEndless: () => boolean;
  onLoss?: ((loss: ConnectionLoss) => void) | undefined;
  /** Ends a pause; its reason is thrown. */
  signal?: AbortSignal | undefined;
}

/**
 * Gives what one connection after another gives. A connection that is lost, or ends though the source is endless, is
 * followed by the next after a pause that grows.
 *
 * @throws {UsageError} If there is a negative number of attempts.
 * @throws {VideoOpenError | VideoDecodeError | VideoStalledError} As the last connection did, if no attempt is left.
 * @throws What a connection throws that another one would not mend.
 */
export async function* reconnecting<T>(
  connect: () => AsyncIterable<T>,
  { attempts, isFirstRetried, isEndless, onLoss, signal }: ReconnectOptions,
): AsyncGenerator<T> {
  if (!(attempts >= 0)) {
    throw new UsageError(`Attempts to reconnect: expected a number, 0 or more, received ${attempts}.`);
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
    onLoss?.({ ...(error && { error }), attempt: numFailures, pauseSec });
    await pause(pauseSec, signal);
  }
}

/**
 * Seconds to wait after so many failures in a row: 1, 2, 4, … up to 30, half of it by chance, so that not all cameras of
 * a network that comes back are asked at the same moment.
 *
 * @param random - Gives numbers from 0 to 1.
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
