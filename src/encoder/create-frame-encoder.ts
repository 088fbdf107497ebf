import os from 'node:os';
import { UsageError, type WorkerError } from '../errors.js';
import { backendDevice, startBackend, type BackendName } from '../runtime/backend.js';
import { EncoderPool } from './pool/encoder-pool.js';
import { DEFAULT_ENCODER, type EncoderSpec } from './encoder-spec.js';
import type { FrameEncoder } from './frame-encoder.js';
import { InThreadEncoder } from './pool/in-thread-encoder.js';

export interface FrameEncoderOptions {
  /**
   * Worker threads; 0 encodes in this thread. Default: one a processor for `wasm` and `cpu`, 2 for `webgpu` on a GPU, 0
   * for the native backends.
   */
  workers?: number | undefined;
  /** Backend of this thread and of the workers; where absent, as `startBackend` chooses. */
  backend?: BackendName | undefined;
  /** Told of each worker that dies and is replaced; where absent, a process warning says so. */
  onWorkerDeath?: ((error: WorkerError) => void) | undefined;
}

/** How frames are encoded where nothing else is asked for. */
interface Habits {
  workers: number;
  batchSize?: number;
}

/** Launching a computation costs a GPU, or TensorFlow's own threads, as much for one frame as for these. */
const LARGE_BATCH = 32;

function habitsOn(backend: BackendName): Habits {
  switch (backend) {
    case 'wasm':
    case 'cpu':
      return { workers: os.availableParallelism() }; // Each computes on one thread.
    case 'webgpu':
      // One prepares a batch while the device computes the other's. In threads, as a device that is lost can be replaced
      // there, with nothing lost but time.
      return { workers: backendDevice() === 'gpu' ? 2 : 1, batchSize: LARGE_BATCH };
    case 'tensorflow':
    case 'tensorflow-gpu':
      return { workers: 0, batchSize: LARGE_BATCH }; // It has threads of its own, or the GPU.
  }
}

/**
 * Creates a frame encoder. Dispose it when done.
 *
 * @example
 * using encoder = await createFrameEncoder();
 *
 * @throws {UsageError} If `workers` is no whole number, 0 or more.
 * @throws {BackendError} If the backend cannot start.
 * @throws {EncoderError} If the network cannot be loaded, or is not what the spec declares.
 */
export async function createFrameEncoder(
  spec: EncoderSpec = DEFAULT_ENCODER,
  { workers, backend, onWorkerDeath }: FrameEncoderOptions = {},
): Promise<FrameEncoder & Disposable> {
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 0)) {
    throw new UsageError(`The number of workers is ${workers}; expected a whole number, 0 or more.`);
  }
  const started = await startBackend(backend);
  const { batchSize, ...habits } = habitsOn(started);
  const numWorkers = workers ?? habits.workers;
  if (numWorkers === 0) return InThreadEncoder.load(spec, batchSize);
  return EncoderPool.start(spec, { numWorkers, backend: started, batchSize, onWorkerDeath });
}
