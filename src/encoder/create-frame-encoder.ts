import os from 'node:os';
import { UsageError, type WorkerError } from '../errors.js';
import { startBackend, type BackendName } from '../runtime/backend.js';
import { EncoderPool } from './encoder-pool.js';
import { DEFAULT_ENCODER, type EncoderSpec } from './encoder-spec.js';
import type { FrameEncoder } from './frame-encoder.js';
import { InThreadEncoder } from './in-thread-encoder.js';

export interface FrameEncoderOptions {
  /**
   * Worker threads; 0 encodes in this thread. Default: one a processor for `wasm` and `cpu`, whose arithmetic runs on
   * one thread; 0 for the native backends, which use all processors or the GPU by themselves.
   */
  workers?: number | undefined;
  /** Backend of this thread and of the workers; where absent, as `startBackend` chooses. */
  backend?: BackendName | undefined;
  /** Told of each worker that dies and is replaced; where absent, a process warning says so. */
  onWorkerDeath?: ((error: WorkerError) => void) | undefined;
}

/**
 * Creates a frame encoder. Dispose it when done.
 *
 * @throws {UsageError} If `workers` is no whole number, 0 or more.
 * @throws {BackendError} If the backend cannot start.
 * @throws {EncoderError} If the network cannot be loaded, or is not what the spec declares.
 */
export async function createFrameEncoder(
  spec: EncoderSpec = DEFAULT_ENCODER,
  { workers, backend, onWorkerDeath }: FrameEncoderOptions = {},
): Promise<FrameEncoder> {
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 0)) {
    throw new UsageError(`The number of workers is ${workers}; expected a whole number, 0 or more.`);
  }
  const started = await startBackend(backend);
  const isNative = started === 'tensorflow' || started === 'tensorflow-gpu';
  const numWorkers = workers ?? (isNative ? 0 : os.availableParallelism());
  if (numWorkers === 0) return InThreadEncoder.load(spec);
  return EncoderPool.start(spec, { numWorkers, backend: started, onWorkerDeath });
}
