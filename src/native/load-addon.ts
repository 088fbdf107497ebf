import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import {
  currentPlatform,
  hashFile,
  nativeFolder,
  type NativeBackend,
  type NativeManifest,
} from './native-folder.js';

/** The export of the addon that is read here. */
interface Binding {
  TF_Version: string;
}

type BackendClass = new (binding: Binding, packageName: string) => tf.KernelBackend;

const require = createRequire(import.meta.url);
const AGAIN = 'run "framewise setup-native" again';

/**
 * Registers the backend `tensorflow` from a finished setup, after checking that its files still match the manifest and that
 * nobody else could have changed them.
 *
 * @throws {Error} If the setup is for another version, altered, incomplete, or open to other users. The message says what to
 *   do.
 */
export function loadNativeSetup(backend: NativeBackend, manifest: NativeManifest): void {
  const folder = nativeFolder(backend);
  const { addon } = folder;
  for (const place of [folder.root, path.dirname(addon), addon, folder.packages, folder.tensorflow])
    expectOwn(place);
  if (manifest.tfjs !== tf.version_core) {
    throw new Error(
      `it was set up for TensorFlow.js ${manifest.tfjs}, and this is ${tf.version_core}; ${AGAIN}`,
    );
  }
  const platform = currentPlatform();
  if (manifest.platform !== platform) {
    throw new Error(`it was set up for ${manifest.platform}, and this is ${platform}; ${AGAIN}`);
  }
  const hash = reword(() => hashFile(addon));
  if (hash !== manifest.addonSha256) {
    throw new Error(`"${addon}" is not the file that was set up; ${AGAIN}`);
  }
  const tensorflow = reword(() => loadAddon(backend));
  if (tensorflow !== manifest.tensorflow) {
    throw new Error(
      `it was set up for TensorFlow ${manifest.tensorflow}, and its library is now ${tensorflow}; ${AGAIN}`,
    );
  }
}

/**
 * Checks that only this user and the administrator can change a file or folder. Its code runs in this process.
 *
 * @throws {Error} Otherwise. A missing file passes, because loading reports it.
 */
function expectOwn(place: string): void {
  const facts = statSync(place, { throwIfNoEntry: false });
  const user = process.getuid?.(); // Windows has neither users nor modes of this kind.
  if (!facts || user === undefined) return;
  if (facts.uid !== user && facts.uid !== 0) {
    throw new Error(
      `"${place}" belongs to another user, who could change what it runs; ${AGAIN} in a folder of your own`,
    );
  }
  if ((facts.mode & 0o002) !== 0) {
    throw new Error(
      `every user can write to "${place}" and change what it runs; run "chmod -R o-w" on it, or ${AGAIN}`,
    );
  }
}

/** Shortens the message of a loading error to its first line, which names the file. The cause keeps the rest. */
function reword<Value>(load: () => Value): Value {
  try {
    return load();
  } catch (cause) {
    const [line = ''] = (cause as Error).message.split('\n', 1);
    throw new Error(`it does not load (${line}); ${AGAIN}`, { cause });
  }
}

/**
 * Loads the addon and tfjs-node's kernels, and registers the backend `tensorflow` in framewise's own tfjs-core.
 *
 * @returns TensorFlow version that the library reports.
 */
export function loadAddon(backend: NativeBackend): string {
  const { packages, addon } = nativeFolder(backend);
  repairNodeUtil();
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'; // Errors only. Otherwise TensorFlow writes a greeting to stderr.
  process.env['TF_ENABLE_ONEDNN_OPTS'] ??= '1'; // TensorFlow's default is AVX-512 only, but AVX2 profits, too.
  const own = createRequire(path.join(packages, 'package.json'));
  shareCore(own);
  const binding = own(addon) as Binding;
  own('@tensorflow/tfjs-node/dist/register_all_kernels.js');
  const { NodeJSKernelBackend } = own('@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js') as {
    NodeJSKernelBackend: BackendClass;
  };
  // tfjs-node uses the GPU if it has this package name.
  const packageName = backend === 'tensorflow-gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, packageName));
  return binding.TF_Version;
}

/**
 * Lets the modules of tfjs-node use framewise's own tfjs-core, because another copy does not know its tensors. They require
 * `@tensorflow/tfjs` and `@tensorflow/tfjs-core`, which are placeholders in the folder of the setup.
 */
function shareCore(own: NodeJS.Require): void {
  const core = require.resolve('@tensorflow/tfjs-core');
  require(core);
  for (const name of ['@tensorflow/tfjs', '@tensorflow/tfjs-core']) {
    own.cache[own.resolve(name)] = require.cache[core];
  }
  addMethods();
}

/** Adds methods to tensors as `@tensorflow/tfjs` does, because four kernels (ArgMax, ArgMin, Exp, Prelu) call them. */
function addMethods(): void {
  Object.assign(tf.Tensor.prototype, {
    toInt: asMethod((tensor) => tf.cast(tensor, 'int32')),
    toFloat: asMethod((tensor) => tf.cast(tensor, 'float32')),
    add: asMethod(tf.add),
    sub: asMethod(tf.sub),
    mul: asMethod(tf.mul),
  });
}

function asMethod<Rest extends unknown[]>(operation: (tensor: tf.Tensor, ...rest: Rest) => tf.Tensor) {
  return function (this: tf.Tensor, ...rest: Rest): tf.Tensor {
    return operation(this, ...rest);
  };
}

/**
 * Adds two functions to `node:util` that tfjs-node 4.22 calls. Node 23 removed one (tensorflow/tfjs#8609), and Node 22 warns
 * about the other. Changes the module in memory only. Call it before tfjs-node is loaded.
 */
export function repairNodeUtil(): void {
  Object.assign(util, {
    isArray: (value: unknown) => Array.isArray(value),
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  });
}
