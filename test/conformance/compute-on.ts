import { fork } from 'node:child_process';
import type { BackendName } from '../../src/runtime/backend.js';
import type { Numbers } from './numbers.js';
import type { Section } from './tolerances.js';

/**
 * Runs all that is compared on one backend, in a process of its own: the native packages cannot share one.
 *
 * @throws If the process fails; the message has what it said.
 */
export function computeOn(backend: BackendName): Promise<Record<Section, Numbers>> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./conformance-program.ts', import.meta.url), [backend], {
      execArgv: ['--import', 'tsx'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const computed = {} as Record<Section, Numbers>;
    let said = '';
    child.stderr!.on('data', (text: Buffer) => (said += text.toString()));
    child.on('message', (message: { section: Section; numbers: Numbers }) => {
      computed[message.section] = message.numbers;
    });
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      if (exitCode === 0) resolve(computed);
      else
        reject(
          new Error(`On ${backend} the program ended with ${signal ?? exitCode}:\n${said.slice(-2000)}`),
        );
    });
  });
}
