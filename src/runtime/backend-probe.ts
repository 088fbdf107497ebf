/** Entry of the process that tries one backend, named by its first argument, and answers with a `ProbeAnswer`. */
import type { ProbeAnswer } from './backend-report.js';
import { backendDevice, backendVersion, failureReason, startBackend, type BackendName } from './backend.js';

const name = process.argv[2] as BackendName;
const version = backendVersion(name);
let answer: ProbeAnswer = version === undefined ? {} : { version };
try {
  await startBackend(name);
  answer = { ...answer, device: backendDevice() };
} catch (error) {
  answer = { ...answer, reason: failureReason(name, (error as Error).cause) };
}
process.send!(answer, () => process.disconnect());
