import { fork } from 'node:child_process';
import { BACKEND_NAMES, BACKEND_REMEDIES, backendVersion, type BackendName } from './backend.js';

/** What the doctor reports about one backend. */
export interface BackendReport {
  name: BackendName;
  isAvailable: boolean;
  /** Version of its package, if it is installed. */
  version?: string;
  /** Where it computes, if available. */
  device?: 'gpu' | 'cpu';
  /** Name of the device, if available and reported. */
  deviceName?: string;
  /** Why the backend is not available. */
  reason?: string;
  /** What the backend is good for. */
  ability: string;
  /** How to make the backend available. */
  remedy?: string;
}

/** Answer of the probe process: a device or a reason. */
export type ProbeAnswer = Pick<BackendReport, 'version' | 'device' | 'deviceName' | 'reason'>;

const ABILITIES: Record<BackendName, string> = {
  'tensorflow-gpu': 'Trains and labels on an NVIDIA GPU with CUDA.',
  webgpu: 'Labels and trains on a GPU of any maker, through Vulkan, Metal or Direct3D 12.',
  tensorflow: 'Trains and labels with native TensorFlow on all processor cores.',
  wasm: 'Labels and trains everywhere. Encodes frames on all processor cores, one thread per core.',
  cpu: 'Plain JavaScript. Runs everywhere, dozens of times slower than wasm. For checking results.',
};

/** A CUDA runtime may need half a minute to start. */
const PROBE_TIMEOUT_MS = 60_000;

/**
 * Tests every backend on this machine. Each one is started in a separate process, so that this process keeps its backend,
 * and a native library that crashes becomes a line in the report.
 *
 * @returns One report per backend, best first.
 */
export function describeBackends(): Promise<BackendReport[]> {
  return Promise.all(BACKEND_NAMES.map(describeBackend));
}

async function describeBackend(name: BackendName): Promise<BackendReport> {
  const { version = backendVersion(name), device, deviceName, reason } = await probeBackend(name);
  const known = { name, ability: ABILITIES[name], version };
  if (device) return { ...known, isAvailable: true, device, deviceName };
  return { ...known, isAvailable: false, reason: reason ?? 'unknown', remedy: BACKEND_REMEDIES[name] };
}

function probeBackend(name: BackendName): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const probe = fork(new URL('./backend-probe.js', import.meta.url), [name], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      timeout: PROBE_TIMEOUT_MS,
    });
    probe.once('message', (answer) => resolve(answer as ProbeAnswer));
    probe.once('error', (error) => resolve({ reason: `its test process cannot start: ${error.message}` }));
    probe.once('close', (exitCode, signal) =>
      resolve({ reason: `its test process ended without an answer (${signal ?? `exit code ${exitCode}`})` }),
    );
  });
}
