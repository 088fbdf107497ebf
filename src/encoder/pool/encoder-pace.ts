import { fork } from 'node:child_process';
import type { BackendName } from '../../runtime/backend.js';

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
    const probe = fork(new URL('./encoder-pace-probe.js', import.meta.url), [backend], {
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
