/** Entry of the process that tries one backend, named by its first argument, and answers with a `ProbeAnswer`. */
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
let answer: ProbeAnswer = version === undefined ? {} : { version };
try {
  await startBackend(name);
  const deviceName = backendDeviceName();
  answer = { ...answer, device: backendDevice(), ...(deviceName !== undefined && { deviceName }) };
} catch (error) {
  answer = { ...answer, reason: failureReason(name, (error as Error).cause) };
}
process.send!(answer, () => process.disconnect());
