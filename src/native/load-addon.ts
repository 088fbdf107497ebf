import { createRequire } from 'node:module';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { nativeFolder, type NativeBackend } from './native-folder.js';
import { currentPlatform, hashFile, type NativeManifest } from './native-manifest.js';
import { repairNodeUtil } from './repair-node-util.js';

/** What the addon exports and is read here. */
interface Binding {
  TF_Version: string;
}

type BackendClass = new (binding: Binding, packageName: string) => tf.KernelBackend;

const require = createRequire(import.meta.url);
const AGAIN = 'run "framewise setup-native" again';

/**
 * Registers the backend `tensorflow` from what {@link NativeManifest} tells of, after a look whether it is still that.
 *
 * @throws {Error} If it is of another version, altered or incomplete; the message names the remedy.
 */
export function loadNativeSetup(backend: NativeBackend, manifest: NativeManifest): void {
  const { addon } = nativeFolder(backend);
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

/** A file that is gone is told by its path; the rest of the message is for a person who debugs. */
function reword<Value>(load: () => Value): Value {
  try {
    return load();
  } catch (cause) {
    const [line = ''] = (cause as Error).message.split('\n', 1);
    throw new Error(`it does not load (${line}); ${AGAIN}`, { cause });
  }
}

/**
 * Loads the addon and tfjs-node's kernels, and registers the backend `tensorflow` in our own tfjs-core.
 *
 * @returns TensorFlow's version, as its library tells.
 */
export function loadAddon(backend: NativeBackend): string {
  const { packages, addon } = nativeFolder(backend);
  repairNodeUtil();
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'; // Errors only; TensorFlow greets on stderr otherwise.
  process.env['TF_ENABLE_ONEDNN_OPTS'] ??= '1'; // TensorFlow itself does so for AVX-512 only; it helps AVX2 as well.
  const own = createRequire(path.join(packages, 'package.json'));
  shareCore(own);
  const binding = own(addon) as Binding;
  own('@tensorflow/tfjs-node/dist/register_all_kernels.js');
  const { NodeJSKernelBackend } = own('@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js') as {
    NodeJSKernelBackend: BackendClass;
  };
  // tfjs-node knows by this name that a GPU is wanted.
  const packageName = backend === 'tensorflow-gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, packageName));
  return binding.TF_Version;
}

/**
 * tfjs-node's modules ask for the packages `@tensorflow/tfjs` and `@tensorflow/tfjs-core`. Both are placeholders in the
 * set-up's folder, for which they get the tfjs-core that framewise runs on: the only one that knows its tensors.
 */
function shareCore(own: NodeJS.Require): void {
  const core = require.resolve('@tensorflow/tfjs-core');
  require(core);
  for (const name of ['@tensorflow/tfjs', '@tensorflow/tfjs-core']) {
    own.cache[own.resolve(name)] = require.cache[core];
  }
  addMethods();
}

/** Four kernels (ArgMax, ArgMin, Exp, Prelu) call operations as methods of a tensor, which `@tensorflow/tfjs` adds to it. */
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
