import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { BackendError, UsageError } from '../errors.js';
import type { NativeBackend } from '../native/native-folder.js';
import { backendDevice } from '../tfjs/backend-internals.js';
import {
  nativeSetupVersion,
  reasonOfAbsence,
  registerTensorflow,
  TENSORFLOW_PACKAGES,
} from './tensorflow-backend.js';
import { registerWebGpu } from './webgpu.js';

export { backendDevice, backendDeviceName } from '../tfjs/backend-internals.js';

/** Backends, best first. An automatic choice tries them in this order. */
export const BACKEND_NAMES = ['tensorflow-gpu', 'webgpu', 'tensorflow', 'wasm', 'cpu'] as const;
/** Name of a backend. */
export type BackendName = (typeof BACKEND_NAMES)[number];

/** npm package of each backend. */
const BACKEND_PACKAGES: Record<BackendName, string> = {
  ...TENSORFLOW_PACKAGES,
  webgpu: 'webgpu',
  wasm: '@tensorflow/tfjs-backend-wasm',
  cpu: '@tensorflow/tfjs-backend-cpu',
};

/** What a user can do about a backend that does not start. */
export const BACKEND_REMEDIES: Record<BackendName, string> = {
  'tensorflow-gpu':
    'Needs Linux on x64 and an NVIDIA GPU with a driver for CUDA 12. Then run "framewise setup-native --cuda", which builds ' +
    "it from pip's TensorFlow. With --dry-run it prints what it would do and what is missing.",
  webgpu:
    'Install the driver of your GPU. On Linux it must support Vulkan: for AMD and Intel "apt install mesa-vulkan-drivers" on ' +
    'Debian and Ubuntu, for NVIDIA its own driver, which a container gets with NVIDIA_DRIVER_CAPABILITIES=all. Install the ' +
    'optional packages with "npm install webgpu @tensorflow/tfjs-backend-webgpu@4.22.0".',
  tensorflow:
    'On Linux run "framewise setup-native", which builds it from pip\'s TensorFlow in 1.3 GiB. With --dry-run it prints what ' +
    'it would do and what is missing. Elsewhere run "npm install @tensorflow/tfjs-node@4.22.0".',
  wasm: 'Run "npm install" again. The package contains the .wasm files.',
  cpu: 'Run "npm install" again.',
};

const require = createRequire(import.meta.url);

let started: BackendName | undefined;
let lastStart: Promise<unknown> = Promise.resolve();

/**
 * Starts a TensorFlow.js backend for this thread and checks that it computes correctly. Without a name it keeps the running
 * backend. If none runs, it starts `FRAMEWISE_BACKEND`, or else the first of `BACKEND_NAMES` that works. Repeated and
 * concurrent calls are safe: they run one after another.
 *
 * @returns The backend that runs now.
 * @throws {UsageError} If the name, or the one in `FRAMEWISE_BACKEND`, is unknown.
 * @throws {BackendError} If the requested backend cannot start. The message names its package and the reason.
 */
export function startBackend(requested?: BackendName): Promise<BackendName> {
  const start = lastStart.then(() => startOneOf(candidates(requested)));
  lastStart = start.catch(() => undefined); // The caller gets the error. The next call starts anew.
  return start;
}

function candidates(requested: string | undefined): readonly BackendName[] {
  const name = requested ?? started ?? (process.env['FRAMEWISE_BACKEND'] || undefined);
  if (name === undefined) return BACKEND_NAMES;
  const known = BACKEND_NAMES.find((each) => each === name);
  if (known) return [known];
  const origin = requested === undefined ? 'FRAMEWISE_BACKEND' : 'The backend';
  throw new UsageError(`${origin} is "${name}"; expected one of ${BACKEND_NAMES.join(', ')}.`);
}

/** Starts the first backend that works. Most machines lack the native packages, and the doctor says why. */
async function startOneOf(names: readonly BackendName[]): Promise<BackendName> {
  const failures: BackendError[] = [];
  for (const name of names) {
    try {
      await start(name, names.length === 1);
      started = name;
      return name;
    } catch (cause) {
      failures.push(describeFailure(name, cause));
    }
  }
  // A failed start may have left tfjs with the backend that failed.
  if (started) await tf.setBackend(tfjsName(started));
  if (failures.length === 1) throw failures[0]!;
  const reasons = failures.map(({ message }) => message).join(' ');
  throw new BackendError(`No backend can start. ${reasons}`, 'any', { cause: failures[0] });
}

async function start(name: BackendName, isExplicit: boolean): Promise<void> {
  tf.enableProdMode(); // Silences the console. tfjs 4.22 uses this flag for nothing else.
  if (name === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
  else if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  else if (name === 'webgpu') await registerWebGpu({ allowSoftware: isExplicit });
  else registerTensorflow(name);
  await withoutEmscriptenListeners(() => activate(tfjsName(name)));
  await proveArithmetic();
  if (name === 'tensorflow-gpu' && isExplicit && backendDevice() !== 'gpu') {
    throw new Error('it loads but finds no CUDA device, so it would compute on the processor');
  }
}

function isNative(name: BackendName): name is NativeBackend {
  return name in TENSORFLOW_PACKAGES;
}

function tfjsName(name: BackendName): string {
  return name === 'tensorflow-gpu' ? 'tensorflow' : name;
}

async function activate(name: string): Promise<void> {
  if (await tf.setBackend(name)) return;
  await tf.findBackendFactory(name)?.(); // tfjs only logs the reason, but the factory throws it.
  throw new Error('TensorFlow.js gives no reason');
}

/**
 * Removes process-wide listeners that Emscripten's loader adds. They rethrow every error of the program from a source line
 * of 30 kB, which Node then prints. Only programs that call exit() in WebAssembly need them, and tfjs does not.
 */
async function withoutEmscriptenListeners(work: () => Promise<void>): Promise<void> {
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = events.map((event) => new Set(process.rawListeners(event)));
  try {
    await work();
  } finally {
    for (const [position, event] of events.entries()) {
      for (const listener of process.rawListeners(event)) {
        const isEmscripten = /^function ?\((ex|reason)\) ?\{.*throw \1/s.test(String(listener));
        if (isEmscripten && !before[position]!.has(listener)) {
          process.removeListener(event, listener as (...values: unknown[]) => void);
        }
      }
    }
  }
}

/** Checks a small computation. A native package can load and fail at its first operation, as tfjs-node on Node 23. */
async function proveArithmetic(): Promise<void> {
  const product = tf.tidy(() => {
    const matrix = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    return tf.concat([tf.matMul(matrix, matrix), matrix]);
  });
  try {
    const values = await product.data(); // Not dataSync, which WebGPU does not have in Node.
    const expected = '7,10,15,22,1,2,3,4';
    if (values.join() !== expected) throw new Error(`it computes ${values.join()} instead of ${expected}`);
  } finally {
    product.dispose();
  }
}

/** Version of a backend's package. @returns Undefined if it is not installed. */
export function backendVersion(name: BackendName): string | undefined {
  const setUp = isNative(name) ? nativeSetupVersion(name) : undefined;
  if (setUp !== undefined) return setUp;
  try {
    return (require(`${BACKEND_PACKAGES[name]}/package.json`) as { version: string }).version;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

function describeFailure(name: BackendName, cause: unknown): BackendError {
  const reason = failureReason(name, cause);
  const message = `Backend "${name}" (${BACKEND_PACKAGES[name]}) cannot start: ${reason}. ${BACKEND_REMEDIES[name]}`;
  return new BackendError(message, name, { cause });
}

/** Says in a few words, without a period, why a backend did not start. */
export function failureReason(name: BackendName, cause: unknown): string {
  if (backendVersion(name) === undefined)
    return isNative(name) ? reasonOfAbsence(name) : 'it is not installed';
  // The WebAssembly loader rejects with a plain object. Native packages write several lines.
  const [firstLine] = String((cause as { message?: unknown }).message ?? cause).split('\n', 1);
  return firstLine!.trim().replace(/[.:]$/, '');
}
