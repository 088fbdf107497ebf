import { fork } from 'node:child_process';
import { NativeSetupError } from '../errors.js';
import type { NativeBackend } from './native-folder.js';

/** What a set-up backend has shown. */
export interface Proof {
  /** Version of TensorFlow, as its library tells. */
  tensorflow: string;
  /** Where it computes. */
  device: 'gpu' | 'cpu';
}

/** A CUDA runtime may need half a minute to start; more than this hangs. */
const TIMEOUT_MS = 120_000;

/**
 * Lets a set-up backend multiply two matrices, in a process of its own, as a wrong library may crash.
 *
 * @throws {NativeSetupError} If it does not load, does not compute, or computes wrongly.
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
      : `The addon was compiled but does not compute: ${firstLine}. Choose another release with --tensorflow, or undo ` +
          'with --undo and set up again.',
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
    probe.once('error', (error) => resolve({ reason: `its process cannot start: ${error.message}` }));
    probe.once('close', (exitCode, cause) =>
      resolve({ reason: `its process ended without an answer (${cause ?? `exit code ${exitCode}`})` }),
    );
  });
}
