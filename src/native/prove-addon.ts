import { fork } from 'node:child_process';
import { NativeSetupError } from '../errors.js';
import type { NativeBackend } from './native-folder.js';

/** Result of testing a native backend. */
export interface Proof {
  /** TensorFlow version that the library reports. */
  tensorflow: string;
  /** Where the backend computes. */
  device: 'gpu' | 'cpu';
}

/** A CUDA runtime may need half a minute to start. */
const TIMEOUT_MS = 120_000;

/**
 * Tests a native backend by multiplying two matrices, in a separate process, because a wrong library may crash.
 *
 * @throws {NativeSetupError} If the backend does not load, does not compute, or computes wrong values.
 */
export async function proveAddon(backend: NativeBackend, signal: AbortSignal): Promise<Proof> {
  const answer = await askProbe(backend, signal);
  signal.throwIfAborted();
  if (!('reason' in answer)) return answer;
  const [firstLine] = answer.reason.split('\n', 1);
  const symbol = /undefined symbol: (\w+)/.exec(answer.reason)?.[1];
  throw new NativeSetupError(
    symbol
      ? `This release of TensorFlow does not export ${symbol}, which tfjs-node calls. Choose another with --tensorflow.`
      : `The addon was compiled but does not work: ${firstLine}. Choose another release with --tensorflow, or remove the ` +
          'setup with --undo and start again.',
    'proof',
  );
}

function askProbe(backend: NativeBackend, signal: AbortSignal): Promise<Proof | { reason: string }> {
  return new Promise((resolve) => {
    const probe = fork(new URL('./native-probe.js', import.meta.url), [backend], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      timeout: TIMEOUT_MS,
      signal,
    });
    probe.once('message', (answer) => resolve(answer as Proof | { reason: string }));
    probe.once('error', (error) => resolve({ reason: `its test process cannot start: ${error.message}` }));
    probe.once('close', (exitCode, cause) =>
      resolve({ reason: `its test process ended without an answer (${cause ?? `exit code ${exitCode}`})` }),
    );
  });
}
