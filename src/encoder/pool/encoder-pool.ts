import { EncoderError, WorkerError } from '../../errors.js';
import type { BackendName } from '../../runtime/backend.js';
import type { PictureFit } from '../../video/decode-options.js';
import type { EncoderSpec } from '../encoder-spec.js';
import { EncoderThread, type Batch, type EncoderDetails } from './encoder-thread.js';
import { checkPixels, encoderParts, type FrameEncoder } from '../frame-encoder.js';

export interface EncoderPoolOptions {
  /** Maximum number of worker threads, at least 1. The first starts at once, the others when there is work for them. */
  numWorkers: number;
  /** Backend of every worker. */
  backend: BackendName;
  /** The fastest number of frames per batch. */
  batchSize?: number;
  /** Called for each worker that dies and is replaced. Default: a process warning is emitted. */
  onWorkerDeath?: (error: WorkerError) => void;
  /** Module that the workers run; tests use one that misbehaves. */
  workerUrl?: URL;
}

/**
 * Encodes on worker threads, each with its own backend and network. Every call of `encode` is one batch; calls may overlap,
 * and each settles independently. A batch whose worker dies is tried once more, on another worker.
 */
export class EncoderPool implements FrameEncoder, Disposable {
  readonly id: string;
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly pictureFit: PictureFit;
  readonly featureSize: number;
  readonly concurrency: number;
  readonly batchSize: number | undefined;
  readonly parts: readonly FrameEncoder[] | undefined;
  readonly #spec: EncoderSpec;
  readonly #options: EncoderPoolOptions;
  /** All threads: idle, working and starting. */
  readonly #threads = new Set<EncoderThread>();
  readonly #idle: EncoderThread[] = [];
  /** Batches that wait for a thread, in order. */
  readonly #waiting: { resolve: (thread: EncoderThread) => void; reject: (cause: unknown) => void }[] = [];
  #isDisposed = false;

  private constructor(
    spec: EncoderSpec,
    options: EncoderPoolOptions,
    first: EncoderThread,
    { id, inputWidth, inputHeight, pictureFit, featureSize, parts }: EncoderDetails,
  ) {
    this.#spec = spec;
    this.#options = options;
    this.id = id;
    this.inputWidth = inputWidth;
    this.inputHeight = inputHeight;
    this.pictureFit = pictureFit;
    this.featureSize = featureSize;
    this.concurrency = options.numWorkers;
    this.batchSize = options.batchSize;
    this.parts = encoderParts(this, parts, (part, pixels, numFrames) =>
      this.#run({ pixels, numFrames, part }),
    );
    this.#threads.add(first);
    this.#idle.push(first);
  }

  /**
   * Starts the first worker, which reports the properties of the network.
   *
   * @throws {EncoderError} If the network cannot be loaded, or does not match the spec.
   * @throws {WorkerError} If the worker dies before it is ready.
   */
  static async start(spec: EncoderSpec, options: EncoderPoolOptions): Promise<EncoderPool> {
    const first = new EncoderThread({ spec, backend: options.backend }, options.workerUrl);
    try {
      return new EncoderPool(spec, options, first, await first.details);
    } catch (cause) {
      if (cause instanceof EncoderError) throw cause;
      throw new WorkerError(`An encoder worker died before it was ready: ${reasonOf(cause)}`, { cause });
    }
  }

  /** @throws {WorkerError} If two workers died on this batch; the cause is that of the second one. */
  encode(pixels: Uint8Array, numFrames: number): Promise<Float32Array> {
    return this.#run({ pixels, numFrames });
  }

  async #run(batch: Batch): Promise<Float32Array> {
    const { pixels, numFrames } = batch;
    checkPixels(this, pixels, numFrames);
    const work = `a batch of ${numFrames} frames`;
    for (let attempt = 1; ; attempt++) {
      let thread: EncoderThread | undefined;
      try {
        thread = await this.#acquire();
        return await thread.encode(batch);
      } catch (cause) {
        if (cause instanceof EncoderError) throw cause; // Disposed, or the model is gone: trying again would not help.
        if (attempt === 2) {
          const remedy = 'If memory is short, use smaller batches or fewer workers.';
          throw new WorkerError(`Two encoder workers died on ${work}: ${reasonOf(cause)} ${remedy}`, {
            cause,
          });
        }
        this.#report(`on ${work}, which will be tried again`, cause);
      } finally {
        if (thread) this.#release(thread);
      }
    }
  }

  dispose(): void {
    this.#isDisposed = true;
    const disposed = this.#disposedError();
    for (const thread of this.#threads) thread.die(disposed);
    for (const { reject } of this.#waiting.splice(0)) reject(disposed);
  }

  /** Same as {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  async #acquire(): Promise<EncoderThread> {
    if (this.#isDisposed) throw this.#disposedError();
    for (let thread = this.#idle.pop(); thread; thread = this.#idle.pop()) {
      if (thread.causeOfDeath === undefined) return thread;
      this.#threads.delete(thread);
      this.#report('while idle', thread.causeOfDeath);
    }
    if (this.#threads.size < this.#options.numWorkers) return this.#startThread();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async #startThread(): Promise<EncoderThread> {
    const thread = new EncoderThread(
      { spec: this.#spec, backend: this.#options.backend },
      this.#options.workerUrl,
    );
    this.#threads.add(thread);
    try {
      const { id } = await thread.details;
      if (id === this.id) return thread;
      throw new EncoderError(
        `The encoder's model changed on disk: expected "${this.id}", received "${id}". Start again.`,
      );
    } catch (cause) {
      thread.die(cause as Error);
      this.#release(thread);
      throw cause;
    }
  }

  /** Gives the thread, or a new one if it is dead, to the batch that has waited longest. */
  #release(thread: EncoderThread): void {
    const isDead = thread.causeOfDeath !== undefined;
    if (isDead) this.#threads.delete(thread);
    const next = this.#waiting.shift();
    if (!next) {
      if (!isDead) this.#idle.push(thread);
    } else if (isDead) this.#startThread().then(next.resolve, next.reject);
    else next.resolve(thread);
  }

  #report(when: string, cause: unknown): void {
    const error = new WorkerError(`An encoder worker died ${when}: ${reasonOf(cause)}`, { cause });
    if (this.#options.onWorkerDeath) this.#options.onWorkerDeath(error);
    else process.emitWarning(error);
  }

  #disposedError(): EncoderError {
    return new EncoderError(`Encoder "${this.id}" has been disposed; create another.`);
  }
}

function reasonOf(cause: unknown): string {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return /[.!?]$/.test(reason) ? reason : `${reason}.`;
}
