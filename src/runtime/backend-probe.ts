/** Entry of the process that tests the backend named by its first argument. It answers with a `ProbeAnswer`. */
import type { ProbeAnswer } from './backend-report.js';
import {
  backendDevice,
  backendDeviceName,
  backendVersion,
  failureReason,
  startBackend,
  type BackendName,
} from './backend.js';

const name = process.argv[2] as BackendName;
const version = backendVersion(name);
let answer: ProbeAnswer = { version };
try {
  await startBackend(name);
  answer = { version, device: backendDevice(), deviceName: backendDeviceName() };
} catch (error) {
  answer = { version, reason: failureReason(name, (error as Error).cause) };
}
process.send!(answer, () => process.disconnect());
