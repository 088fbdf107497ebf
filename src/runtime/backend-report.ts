import { fork } from 'node:child_process';
import { BACKEND_NAMES, BACKEND_REMEDIES, backendVersion, type BackendName } from './backend.js';

/** What the doctor says of one backend. */
export interface BackendReport {
  name: BackendName;
  isAvailable: boolean;
  /** Version of its package, where installed. */
  version?: string;
  /** Where it computes, when available. */
  device?: 'gpu' | 'cpu';
  /** The device's name, when available and told. */
  deviceName?: string;
  /** Why it is not available. */
  reason?: string;
  /** What it is good for. */
  ability: string;
  /** What to do to have it, when it is not available. */
  remedy?: string;
}

/** What the probe's process answers: a device or a reason. */
export type ProbeAnswer = Pick<BackendReport, 'version' | 'device' | 'deviceName' | 'reason'>;

const ABILITIES: Record<BackendName, string> = {
  'tensorflow-gpu': 'Trains and labels on an NVIDIA GPU, by CUDA.',
  webgpu: 'Labels and trains on a GPU of any maker, by Vulkan, Metal or Direct3D 12.',
  tensorflow: 'Trains and labels with native TensorFlow on all processor cores.',
  wasm: 'Labels and trains everywhere; encodes frames on all processor cores, a thread each.',
  cpu: 'Plain JavaScript; runs everywhere, dozens of times slower than wasm. For checking results.',
};

/** A CUDA runtime may need half a minute to start; more than this hangs. */
const PROBE_TIMEOUT_MS = 60_000;

/**
 * Finds out what each backend can do on this machine. Each is started in a process of its own, so that this process
 * keeps its backend, and a native library that crashes is a line in the report.
 *
 * @returns One report a backend, best first.
 */
export function describeBackends(): Promise<BackendReport[]> {
  return Promise.all(BACKEND_NAMES.map(describeBackend));
}

async function describeBackend(name: BackendName): Promise<BackendReport> {
  const { version = backendVersion(name), device, deviceName, reason } = await probeBackend(name);
  const known = { name, ability: ABILITIES[name], ...(version !== undefined && { version }) };
  if (device) return { ...known, isAvailable: true, device, ...(deviceName !== undefined && { deviceName }) };
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
