import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadNativeSetup, repairNodeUtil } from '../native/load-addon.js';
import { nativeFolder, readManifest, readPlan, type NativeBackend } from '../native/native-folder.js';

/** npm packages with their own native library, used if none was set up. */
export const TENSORFLOW_PACKAGES: Record<NativeBackend, string> = {
  'tensorflow-gpu': '@tensorflow/tfjs-node-gpu',
  tensorflow: '@tensorflow/tfjs-node',
};

const require = createRequire(import.meta.url);

let loaded: NativeBackend | undefined;

/**
 * Registers the tfjs backend `tensorflow`: the one that `framewise setup-native` built, or else the one of the npm package.
 * Both native backends have this name in tfjs, so a process can load only one of them.
 *
 * @throws {Error} If the backend cannot load, or this process has loaded the other one.
 */
export function registerTensorflow(name: NativeBackend): void {
  if (loaded === name) return;
  if (loaded) throw new Error(`this process has loaded "${loaded}", and can hold only one of the two`);
  const manifest = readManifest(name);
  if (name === 'tensorflow-gpu') setUpCuda();
  if (manifest) loadNativeSetup(name, manifest);
  else loadPackage(TENSORFLOW_PACKAGES[name]);
  loaded = name;
  if (!tf.findBackendFactory('tensorflow')) {
    throw new Error(`it uses its own copy of @tensorflow/tfjs-core instead of ${tf.version_core}`);
  }
}

/** Sets variables that CUDA and TensorFlow read when they are loaded. The user's own settings take precedence. */
function setUpCuda(): void {
  process.env['NVIDIA_TF32_OVERRIDE'] ??= '0'; // Otherwise products keep 10 of 23 bits, and labels would differ from other devices.
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true'; // Otherwise TensorFlow takes all memory of the GPU.
}

function loadPackage(packageName: string): void {
  const folder = path.dirname(require.resolve(`${packageName}/package.json`));
  if (!existsSync(path.join(folder, 'lib'))) {
    // Checked first, because loading the rest of the package takes half a second at every start.
    throw new Error(`its native library was not downloaded; run "npm rebuild ${packageName}"`);
  }
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'; // Errors only. Otherwise TensorFlow writes a greeting to stderr.
  repairNodeUtil();
  require(packageName);
}

/** Versions of tfjs-node and TensorFlow of a setup. @returns Undefined if nothing is set up. */
export function nativeSetupVersion(name: NativeBackend): string | undefined {
  const manifest = readManifest(name);
  return manifest && `${manifest.tfjs} with TensorFlow ${manifest.tensorflow}`;
}

/** Says in a few words, without a period, why a native backend is neither set up nor installed. */
export function reasonOfAbsence(name: NativeBackend): string {
  if (!readPlan(name)) return 'it is not installed';
  return `its setup in "${nativeFolder(name).root}" is not finished; run "framewise setup-native" to continue`;
}
