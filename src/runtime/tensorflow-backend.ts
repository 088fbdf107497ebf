import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadNativeSetup } from '../native/load-addon.js';
import { nativeFolder, type NativeBackend } from '../native/native-folder.js';
import { readManifest, readPlan } from '../native/native-manifest.js';
import { repairNodeUtil } from '../native/repair-node-util.js';

/** npm packages that bring a native library of their own, for who has not set one up. */
export const TENSORFLOW_PACKAGES: Record<NativeBackend, string> = {
  'tensorflow-gpu': '@tensorflow/tfjs-node-gpu',
  tensorflow: '@tensorflow/tfjs-node',
};

const require = createRequire(import.meta.url);

let loaded: NativeBackend | undefined;

/**
 * Registers tfjs's backend `tensorflow`: the one that `framewise setup-native` made, or else that of the npm package. Both
 * native backends take this name in tfjs, so that a process can hold only one of them.
 *
 * @throws {Error} If it cannot load, or this process holds the other one.
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
    throw new Error(`it brings its own copy of @tensorflow/tfjs-core, where ${tf.version_core} is needed`);
  }
}

/** What CUDA's libraries and TensorFlow read when they are loaded; a person's own settings come first. */
function setUpCuda(): void {
  process.env['NVIDIA_TF32_OVERRIDE'] ??= '0'; // Else products keep 10 of their 23 bits: labels would be this GPU's own.
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true'; // Else it takes all of the GPU's memory, from other programs as well.
}

function loadPackage(packageName: string): void {
  const folder = path.dirname(require.resolve(`${packageName}/package.json`));
  if (!existsSync(path.join(folder, 'lib'))) {
    // Found out here, as loading the rest of the package first takes half a second at every start.
    throw new Error(`its native library was not fetched; "npm rebuild ${packageName}" tries again`);
  }
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'; // Errors only; TensorFlow greets on stderr otherwise.
  repairNodeUtil();
  require(packageName);
}

/** @returns Versions of tfjs-node and of its TensorFlow, where set up here; else undefined. */
export function nativeSetupVersion(name: NativeBackend): string | undefined {
  const manifest = readManifest(name);
  return manifest && `${manifest.tfjs} with TensorFlow ${manifest.tensorflow}`;
}

/** @returns Why a native backend is neither set up nor installed, in a few words without a full stop. */
export function reasonOfAbsence(name: NativeBackend): string {
  if (!readPlan(name)) return 'it is not installed';
  return `its set-up in "${nativeFolder(name).root}" is not finished; "framewise setup-native" goes on with it`;
}
