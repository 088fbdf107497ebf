import { existsSync, readdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { version_core } from '@tensorflow/tfjs-core';
import { NativeSetupError, UsageError } from '../errors.js';
import { DEFAULT_TENSORFLOW, tensorflowRequirement } from './install-tensorflow.js';
import {
  currentPlatform,
  hashFile,
  nativeFolder,
  readManifest,
  readPlan,
  type NativeBackend,
  type NativeFolder,
  type NativePlan,
} from './native-folder.js';
import { findNativeTools, type NativeTools } from './native-tools.js';
import { sourcePackages } from './take-sources.js';

/** A request for a setup. */
export interface NativeRequest {
  backend: NativeBackend;
  /** TensorFlow release, `2.21.0` or `2.18`. Default: the one that is set up, or else {@link DEFAULT_TENSORFLOW}. */
  tensorflow?: string;
  /** Python whose pip is used. Default: `python3` or `python` on `PATH`. */
  python?: string;
}

/** Parts of a setup, in the order in which they are made. */
export const NATIVE_PARTS = ['tensorflow', 'packages', 'addon'] as const;
export type NativePart = (typeof NATIVE_PARTS)[number];

/** What a setup will do. */
export interface NativeSetup {
  plan: NativePlan;
  folder: NativeFolder;
  tools: NativeTools;
  /** Description of each part, for users. */
  work: Record<NativePart, string>;
  /** Parts that have to be made. */
  missing: NativePart[];
  /** Parts of an earlier setup that no longer fit. They are in `missing`, too. */
  stale: NativePart[];
}

/** Needed disk space. The result takes 1.3 GiB, or 6.2 GiB with CUDA, and unpacking takes as much again. */
const NEEDED_GIB: Record<NativeBackend, number> = { tensorflow: 3, 'tensorflow-gpu': 14 };

/**
 * Plans a setup on this machine, and checks whether it is possible. Changes nothing and needs no network.
 *
 * @throws {UsageError} If the release is not a release of TensorFlow 2.
 * @throws {NativeSetupError} If the platform is not supported, a tool is missing, the disk is too full, or the folder
 *   contains other files.
 */
export async function planNativeSetup(request: NativeRequest, signal: AbortSignal): Promise<NativeSetup> {
  const { backend, tensorflow } = request;
  if (tensorflow !== undefined && !/^2\.\d+(\.\d+)?$/.test(tensorflow)) {
    throw new UsageError(
      `"${tensorflow}" is not a release of TensorFlow 2; expected for example ${DEFAULT_TENSORFLOW} or 2.18.`,
    );
  }
  checkPlatform(backend);
  const folder = nativeFolder(backend);
  checkFolder(folder);
  const earlier = readPlan(backend);
  const requested = tensorflow ?? earlier?.requested ?? DEFAULT_TENSORFLOW;
  const plan = { backend, requested, tfjs: version_core, platform: currentPlatform() };
  const stale = staleParts(plan, earlier, folder);
  const missing = NATIVE_PARTS.filter((part) => stale.includes(part) || !existsSync(partPath(folder, part)));
  const tools = await findNativeTools(request.python, signal);
  if (missing.includes('tensorflow')) await checkRoom(backend, folder);
  const work = {
    tensorflow: `pip of "${tools.python}" installs ${tensorflowRequirement(backend, requested)} into "${folder.tensorflow}"`,
    packages: `npm downloads ${sourcePackages(plan.tfjs).join(', ')} into "${folder.packages}"`,
    addon: `"${tools.compiler}" compiles tfjs-node's addon against that TensorFlow`,
  };
  return { plan, folder, tools, work, missing, stale };
}

/** The folder that contains only this part. */
export function partPath(folder: NativeFolder, part: NativePart): string {
  return part === 'addon' ? path.dirname(folder.addon) : folder[part];
}

function checkPlatform(backend: NativeBackend): void {
  const { platform, arch } = process;
  const fits = platform === 'linux' && (arch === 'x64' || (arch === 'arm64' && backend === 'tensorflow'));
  if (fits) return;
  throw new NativeSetupError(
    `${backend} can be set up on Linux x64${backend === 'tensorflow' ? ' and arm64' : ''}; this machine is ${platform} ` +
      `${arch}. Try "npm install @tensorflow/tfjs-node@${version_core}", or use a backend that "framewise doctor" lists ` +
      'as available.',
    'platform',
  );
}

/** Refuses a folder with other files, because undoing the setup removes the folder. */
function checkFolder({ root, plan }: NativeFolder): void {
  if (existsSync(plan) || !existsSync(root) || readdirSync(root).length === 0) return;
  throw new NativeSetupError(
    `"${root}" contains files that are not a setup of framewise. Empty it, or set FRAMEWISE_NATIVE to another folder.`,
    'folder',
  );
}

function staleParts(plan: NativePlan, earlier: NativePlan | undefined, folder: NativeFolder): NativePart[] {
  if (!earlier) return NATIVE_PARTS.filter((part) => existsSync(partPath(folder, part)));
  const isOtherLibrary = earlier.requested !== plan.requested || earlier.platform !== plan.platform;
  const isOtherSource = earlier.tfjs !== plan.tfjs;
  const manifest = readManifest(plan.backend);
  const isAltered = manifest && existsSync(folder.addon) && hashFile(folder.addon) !== manifest.addonSha256;
  const isStale = {
    tensorflow: isOtherLibrary,
    packages: isOtherSource,
    addon: isOtherLibrary || isOtherSource || isAltered,
  };
  return NATIVE_PARTS.filter((part) => isStale[part] && existsSync(partPath(folder, part)));
}

async function checkRoom(backend: NativeBackend, { root }: NativeFolder): Promise<void> {
  let existing = root;
  while (!existsSync(existing)) existing = path.dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  const freeGiB = (bavail * bsize) / 2 ** 30;
  const neededGiB = NEEDED_GIB[backend];
  if (freeGiB >= neededGiB) return;
  throw new NativeSetupError(
    `The disk of "${root}" has ${freeGiB.toFixed(1)} GiB free; the setup needs ${neededGiB} GiB. Free some space, or set ` +
      'FRAMEWISE_NATIVE to a folder on another disk.',
    'disk',
  );
}
