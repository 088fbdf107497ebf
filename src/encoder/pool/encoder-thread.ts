import { Worker } from 'node:worker_threads';
import { EncoderError } from '../../errors.js';
import type { BackendName } from '../../runtime/backend.js';
import { threadEntry } from '../../runtime/thread-entry.js';
import type { EncoderSpec } from '../encoder-spec.js';
import type { FrameEncoder, PartDetails } from '../frame-encoder.js';

/** The data with which a worker is started. */
export interface EncoderThreadData {
  spec: EncoderSpec;
  backend: BackendName;
}

/** What an encoder tells about itself. */
export type EncoderDetails = Pick<
  FrameEncoder,
  'id' | 'inputWidth' | 'inputHeight' | 'pictureFit' | 'featureSize'
> & { parts: readonly PartDetails[] | undefined };

/** A worker's first message. Every later message is the features of a batch, a `Float32Array`. */
export type Opening = EncoderDetails | { encoderError: string };

/** A batch to encode. */
export interface Batch {
  pixels: Uint8Array;
  numFrames: number;
  /** Position of the part that encodes it. Default: all parts do. */
  part?: number;
}

/** Whoever waits for the worker's next message. */
interface Waiting {
  resolve: (message: unknown) => void;
  reject: (cause: Error) => void;
}

const WORKER_URL = new URL('./encoder-worker.js', import.meta.url);

/**
 * One worker thread, which encodes one batch at a time. It keeps the process alive while it loads or encodes, but not while
 * it is idle, so that a program that forgets `dispose` still ends.
 */
export class EncoderThread {
  /**
   * Resolves when the network is loaded. Rejects with an `EncoderError` if it cannot be loaded, and with the cause of
   * death if the thread dies first.
   */
  readonly details: Promise<EncoderDetails>;
  /** Why the thread died; undefined while it lives. */
  causeOfDeath: Error | undefined;
  readonly #worker: Worker;
  #waiting: Waiting | undefined;

  /** @param workerUrl - Module that the thread runs; tests use one that misbehaves. */
  constructor(data: EncoderThreadData, workerUrl: URL = WORKER_URL) {
    this.#worker = new Worker(threadEntry(workerUrl), { workerData: data, name: 'framewise-encoder' });
    this.#worker.on('message', (message) => this.#settle((waiting) => waiting.resolve(message)));
    this.#worker.on('error', (thrown: unknown) => this.die(asError(thrown)));
    this.#worker.on('messageerror', (error) => this.die(error));
    this.#worker.on('exit', (exitCode) =>
      this.die(new Error(`The thread ended with exit code ${exitCode}.`)),
    );
    this.details = this.#nextMessage().then((message) => {
      const opening = message as Opening;
      if (!('encoderError' in opening)) return opening;
      const error = new EncoderError(opening.encoderError);
      this.die(error);
      throw error;
    });
  }

  /**
   * Encodes one batch. Call it only after the call before has settled.
   *
   * @throws The cause of death, if the thread dies before it answers.
   */
  encode(batch: Batch): Promise<Float32Array> {
    if (this.causeOfDeath !== undefined) return Promise.reject(this.causeOfDeath);
    this.#worker.ref();
    this.#worker.postMessage(batch);
    return this.#nextMessage() as Promise<Float32Array>;
  }

  /** Ends the thread. The batch that it was encoding rejects with `cause`. */
  die(cause: Error): void {
    if (this.causeOfDeath !== undefined) return;
    this.causeOfDeath = cause;
    this.#settle((waiting) => waiting.reject(cause));
    void this.#worker.terminate();
  }

  #nextMessage(): Promise<unknown> {
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  #settle(how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#worker.unref();
    if (waiting) how(waiting);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`It threw ${String(thrown)}.`);
}
