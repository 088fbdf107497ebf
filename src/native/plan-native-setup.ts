import { existsSync, readdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { version_core } from '@tensorflow/tfjs-core';
import { NativeSetupError, UsageError } from '../errors.js';
import { DEFAULT_TENSORFLOW, tensorflowRequirement } from './install-tensorflow.js';
import { nativeFolder, type NativeBackend, type NativeFolder } from './native-folder.js';
import { currentPlatform, hashFile, readManifest, readPlan, type NativePlan } from './native-manifest.js';
import { findNativeTools, type NativeTools } from './native-tools.js';
import { sourcePackages } from './take-sources.js';

/** What a person asks for. */
export interface NativeRequest {
  backend: NativeBackend;
  /** Release of TensorFlow, `2.21.0` or `2.18`; else the one that is set up, or else {@link DEFAULT_TENSORFLOW}. */
  tensorflow?: string | undefined;
  /** Python whose pip is used; else `python3` or `python` of `PATH`. */
  python?: string | undefined;
}

/** Parts of a set-up, in the order in which they are made. */
export const NATIVE_PARTS = ['tensorflow', 'packages', 'addon'] as const;
export type NativePart = (typeof NATIVE_PARTS)[number];

/** What setting up will do. */
export interface NativeSetup {
  plan: NativePlan;
  folder: NativeFolder;
  tools: NativeTools;
  /** What is made in each part, for a person to read. */
  work: Record<NativePart, string>;
  /** Parts that have to be made. */
  missing: NativePart[];
  /** Parts of an earlier set-up that no longer serve; a part of these is in `missing`, too. */
  stale: NativePart[];
}

/** Installed are 1.3 GiB and for CUDA 6.2; while pip unpacks it takes as much again. */
const NEEDED_GIB: Record<NativeBackend, number> = { tensorflow: 3, 'tensorflow-gpu': 14 };

/**
 * Finds out what setting up would do here, and whether it can. Changes nothing and needs no network.
 *
 * @throws {UsageError} If the release is none of TensorFlow 2.
 * @throws {NativeSetupError} If the platform is none for which this is made, a tool is missing, room is short, or the
 *   folder holds something else.
 */
export async function planNativeSetup(request: NativeRequest, signal: AbortSignal): Promise<NativeSetup> {
  const { backend, tensorflow } = request;
  if (tensorflow !== undefined && !/^2\.\d+(\.\d+)?$/.test(tensorflow)) {
    throw new UsageError(
      `"${tensorflow}" is no release of TensorFlow 2; expected one as ${DEFAULT_TENSORFLOW} or 2.18.`,
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
    packages: `npm brings ${sourcePackages(plan.tfjs).join(', ')} into "${folder.packages}"`,
    addon: `"${tools.compiler}" compiles tfjs-node's addon against that TensorFlow`,
  };
  return { plan, folder, tools, work, missing, stale };
}

/** The folder that holds a part and nothing else. */
export function partPath(folder: NativeFolder, part: NativePart): string {
  return part === 'addon' ? path.dirname(folder.addon) : folder[part];
}

function checkPlatform(backend: NativeBackend): void {
  const { platform, arch } = process;
  const fits = platform === 'linux' && (arch === 'x64' || (arch === 'arm64' && backend === 'tensorflow'));
  if (fits) return;
  throw new NativeSetupError(
    `This sets up ${backend} on Linux, on x64${backend === 'tensorflow' ? ' and arm64' : ''}; here is ${platform} ` +
      `${arch}. Use "npm install @tensorflow/tfjs-node@${version_core}", if it has a library for this machine, or the ` +
      'backends that "framewise doctor" lists as there.',
    'platform',
  );
}

/** Undoing removes the folder, so that nothing else may lie in it. */
function checkFolder({ root, plan }: NativeFolder): void {
  if (existsSync(plan) || !existsSync(root) || readdirSync(root).length === 0) return;
  throw new NativeSetupError(
    `"${root}" holds something, and no set-up of framewise. Name another folder in FRAMEWISE_NATIVE, or empty it.`,
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
    `"${root}" has room for ${freeGiB.toFixed(1)} GiB; setting up takes ${neededGiB} GiB. Make room, or name a folder ` +
      'on another disk in FRAMEWISE_NATIVE.',
    'disk',
  );
}
