import { fork } from 'node:child_process';
import os from 'node:os';
import { UsageError, type WorkerError } from '../errors.js';
import { backendDevice, startBackend, type BackendName } from '../runtime/backend.js';
import { EncoderPool } from './pool/encoder-pool.js';
import { DEFAULT_ENCODER, type EncoderSpec } from './encoder-spec.js';
import type { FrameEncoder } from './frame-encoder.js';
import { InThreadEncoder } from './pool/in-thread-encoder.js';

/** How an encoder runs. */
export interface FrameEncoderOptions {
  /**
   * Number of worker threads; 0 encodes in this thread. Default: one per processor for `wasm` and `cpu`, 2 for `webgpu` on a
   * GPU, 0 for the native backends.
   */
  workers?: number;
  /** Backend of this thread and of the workers. Default: chosen by `startBackend`. */
  backend?: BackendName;
  /** Called for each worker that dies and is replaced. Default: a process warning is emitted. */
  onWorkerDeath?: (error: WorkerError) => void;
}

/** Defaults of a backend. */
interface BackendDefaults {
  workers: number;
  batchSize?: number;
}

/** Starting a computation on a GPU, or on TensorFlow's threads, costs as much for one frame as for this many. */
const LARGE_BATCH = 32;

function defaultsOf(backend: BackendName): BackendDefaults {
  switch (backend) {
    case 'wasm':
    case 'cpu':
      return { workers: os.availableParallelism() }; // One worker computes on one thread.
    case 'webgpu':
      // One worker prepares a batch while the device computes the other's. A lost device is replaced with its worker, and
      // its batch is encoded again.
      return { workers: backendDevice() === 'gpu' ? 2 : 1, batchSize: LARGE_BATCH };
    case 'tensorflow':
    case 'tensorflow-gpu':
      return { workers: 0, batchSize: LARGE_BATCH }; // It uses its own threads, or the GPU.
  }
}

/**
 * Creates a frame encoder. The caller disposes it.
 *
 * @example
 * const encoder = await createFrameEncoder({ kind: 'builtin', name: 'movenet-pose' });
 *
 * @example
 * using encoder = await createFrameEncoder();
 *
 * @throws {UsageError} If `workers` is not an integer of 0 or more.
 * @throws {BackendError} If the backend cannot start.
 * @throws {EncoderError} If the network cannot be loaded, or does not match the spec.
 */
export async function createFrameEncoder(
  spec: EncoderSpec = DEFAULT_ENCODER,
  { workers, backend, onWorkerDeath }: FrameEncoderOptions = {},
): Promise<FrameEncoder & Disposable> {
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 0)) {
    throw new UsageError(`The number of workers is ${workers}; expected an integer of 0 or more.`);
  }
  const started = await startBackend(backend);
  const { batchSize, ...defaults } = defaultsOf(started);
  const numWorkers = workers ?? defaults.workers;
  if (numWorkers === 0) return InThreadEncoder.load(spec, batchSize);
  return EncoderPool.start(spec, { numWorkers, backend: started, batchSize, onWorkerDeath });
}

/** How fast a backend encodes, or why that is unknown. */
export type EncoderPace = { framesPerSec: number } | { reason: string };

/** Starting and the first frame take seconds on a GPU; a process that takes longer than this hangs. */
const TIMEOUT_MS = 60_000;

/**
 * Measures how many frames per second the default encoder encodes on a backend of this machine. Takes some seconds. It runs
 * in a separate process, because the native packages cannot share one and may crash.
 */
export function measureEncoderPace(backend: BackendName): Promise<EncoderPace> {
  return new Promise((resolve) => {
    const probe = fork(new URL('./pool/encoder-pace-probe.js', import.meta.url), [backend], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    probe.once('message', (answer) => resolve(answer as EncoderPace));
    probe.once('error', (error) => resolve({ reason: `its process cannot start: ${error.message}` }));
    probe.once('close', (exitCode, signal) => {
      const cause =
        signal === 'SIGKILL'
          ? `within ${TIMEOUT_MS / 1000} seconds`
          : `(${signal ?? `exit code ${exitCode}`})`;
      resolve({ reason: `its process gave no answer ${cause}` });
    });
  });
}
