import { EncoderError, WorkerError } from '../../errors.js';
import type { BackendName } from '../../runtime/backend.js';
import type { PictureFit } from '../../video/decode-options.js';
import { encoderParts } from '../builtin/encoder-parts.js';
import type { EncoderSpec } from '../encoder-spec.js';
import { EncoderThread, type Batch, type EncoderDetails } from './encoder-thread.js';
import type { FrameEncoder } from '../frame-encoder.js';
import { checkPixels } from './in-thread-encoder.js';

export interface EncoderPoolOptions {
  /** Most worker threads at a time, at least 1. The first starts at once, the others when there is work for them. */
  numWorkers: number;
  /** Backend of every worker. */
  backend: BackendName;
  /** Frames a batch with which a worker is quickest. */
  batchSize?: number | undefined;
  /** Told of each worker that dies and is replaced; where absent, a process warning says so. */
  onWorkerDeath?: ((error: WorkerError) => void) | undefined;
  /** Module that workers run; tests give one that misbehaves. */
  workerUrl?: URL;
}

/**
 * Encodes on worker threads, each with a backend and a network of its own. Every call of `encode` is a batch; calls may
 * overlap, and each settles by itself. A batch whose worker dies is tried once more, on another worker.
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
  /** All threads: idle, working and starting. */
  private readonly threads = new Set<EncoderThread>();
  private readonly idle: EncoderThread[] = [];
  /** Batches that found every thread busy, in order. */
  private readonly waiting: { resolve: (thread: EncoderThread) => void; reject: (cause: unknown) => void }[] =
    [];
  private isDisposed = false;

  private constructor(
    private readonly spec: EncoderSpec,
    private readonly options: EncoderPoolOptions,
    first: EncoderThread,
    { id, inputWidth, inputHeight, pictureFit, featureSize, parts }: EncoderDetails,
  ) {
    this.id = id;
    this.inputWidth = inputWidth;
    this.inputHeight = inputHeight;
    this.pictureFit = pictureFit;
    this.featureSize = featureSize;
    this.concurrency = options.numWorkers;
    this.batchSize = options.batchSize;
    this.parts = encoderParts(this, parts, (part, pixels, numFrames) =>
      this.run({ pixels, numFrames, part }),
    );
    this.threads.add(first);
    this.idle.push(first);
  }

  /**
   * Starts the first worker and learns from it what the network is.
   *
   * @throws {EncoderError} If the network cannot be loaded, or is not what the spec declares.
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

  /** @throws {WorkerError} If two workers died on this batch; its cause is the second one's. */
  encode(pixels: Uint8Array, numFrames: number): Promise<Float32Array> {
    return this.run({ pixels, numFrames });
  }

  private async run(batch: Batch): Promise<Float32Array> {
    const { pixels, numFrames } = batch;
    checkPixels(this, pixels, numFrames);
    const work = `a batch of ${numFrames} frames`;
    for (let attempt = 1; ; attempt++) {
      let thread: EncoderThread | undefined;
      try {
        thread = await this.acquire();
        return await thread.encode(batch);
      } catch (cause) {
        if (cause instanceof EncoderError) throw cause; // Disposed, or the model is gone: no use in trying again.
        if (attempt === 2) {
          const remedy = 'If memory is short, use smaller batches or fewer workers.';
          throw new WorkerError(`Two encoder workers died on ${work}: ${reasonOf(cause)} ${remedy}`, {
            cause,
          });
        }
        this.report(`on ${work}, which is tried again`, cause);
      } finally {
        if (thread) this.release(thread);
      }
    }
  }

  dispose(): void {
    this.isDisposed = true;
    const disposed = this.disposedError();
    for (const thread of this.threads) thread.die(disposed);
    for (const { reject } of this.waiting.splice(0)) reject(disposed);
  }

  /** Same as {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  private async acquire(): Promise<EncoderThread> {
    if (this.isDisposed) throw this.disposedError();
    for (let thread = this.idle.pop(); thread; thread = this.idle.pop()) {
      if (thread.causeOfDeath === undefined) return thread;
      this.threads.delete(thread);
      this.report('while idle', thread.causeOfDeath);
    }
    if (this.threads.size < this.options.numWorkers) return this.startThread();
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  private async startThread(): Promise<EncoderThread> {
    const thread = new EncoderThread(
      { spec: this.spec, backend: this.options.backend },
      this.options.workerUrl,
    );
    this.threads.add(thread);
    try {
      const { id } = await thread.details;
      if (id === this.id) return thread;
      throw new EncoderError(
        `The encoder's model changed on disk: expected "${this.id}", received "${id}". Start again.`,
      );
    } catch (cause) {
      thread.die(cause as Error);
      this.release(thread);
      throw cause;
    }
  }

  /** Hands a thread to the batch that waits longest, or a fresh one in place of a dead one. */
  private release(thread: EncoderThread): void {
    const isDead = thread.causeOfDeath !== undefined;
    if (isDead) this.threads.delete(thread);
    const next = this.waiting.shift();
    if (!next) {
      if (!isDead) this.idle.push(thread);
    } else if (isDead) this.startThread().then(next.resolve, next.reject);
    else next.resolve(thread);
  }

  private report(when: string, cause: unknown): void {
    const error = new WorkerError(`An encoder worker died ${when}: ${reasonOf(cause)}`, { cause });
    if (this.options.onWorkerDeath) this.options.onWorkerDeath(error);
    else process.emitWarning(error);
  }

  private disposedError(): EncoderError {
    return new EncoderError(`Encoder "${this.id}" has been disposed; create another.`);
  }
}

function reasonOf(cause: unknown): string {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return /[.!?]$/.test(reason) ? reason : `${reason}.`;
}
