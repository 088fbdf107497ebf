import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NativeSetupError } from '../errors.js';
import { compileAddon } from './compile-addon.js';
import { installTensorflow } from './install-tensorflow.js';
import { nativeFolder, type NativeBackend } from './native-folder.js';
import { hashFile, type NativeManifest } from './native-manifest.js';
import { NATIVE_PARTS, partPath, type NativePart, type NativeSetup } from './plan-native-setup.js';
import { proveAddon, type Proof } from './prove-addon.js';
import { takeSources } from './take-sources.js';

/**
 * Sets a native backend up: TensorFlow's library, tfjs-node's sources, the addon, and a proof that it computes. Each part
 * is made aside and takes its name when it is whole, so that a run that failed or was killed goes on where it stopped.
 *
 * @param setup - What {@link planNativeSetup} found.
 * @param announce - Told of each part before it is made.
 * @returns What the backend has shown.
 * @throws {NativeSetupError} If a part cannot be made; the message names the remedy.
 */
export async function setUpNative(
  setup: NativeSetup,
  announce: (part: NativePart) => void,
  signal: AbortSignal,
): Promise<Proof> {
  const { plan, folder, tools, missing, stale } = setup;
  try {
    await mkdir(folder.root, { recursive: true });
    // Until it is proved there is none.
    if (missing.length > 0) await rm(folder.manifest, { force: true });
    for (const part of stale) await rm(partPath(folder, part), { recursive: true, force: true });
    await writeRecord(folder.plan, plan);
    for (const part of missing) {
      signal.throwIfAborted();
      announce(part);
      await makePart(setup, part, signal);
    }
    const proof = await proveAddon(plan.backend, signal);
    const manifest: NativeManifest = {
      ...plan,
      tensorflow: proof.tensorflow,
      addonSha256: hashFile(folder.addon),
      compiler: tools.compilerVersion,
    };
    await writeRecord(folder.manifest, manifest);
    return proof;
  } catch (cause) {
    throw isOutOfRoom(cause)
      ? new NativeSetupError(
          `The disk of "${folder.root}" is full. Make room, or name a folder on another disk in FRAMEWISE_NATIVE; then ` +
            'run the same command again.',
          'disk',
          { cause },
        )
      : cause;
  }
}

async function makePart(
  { plan, folder, tools }: NativeSetup,
  part: NativePart,
  signal: AbortSignal,
): Promise<void> {
  const aside = path.join(folder.root, `${part}.part`);
  await rm(aside, { recursive: true, force: true });
  if (part === 'tensorflow') await installTensorflow({ ...plan, python: tools.python }, aside, signal);
  else if (part === 'packages') await takeSources(plan.tfjs, aside, signal);
  else await compileAddon(tools.compiler, folder, path.join(aside, path.basename(folder.addon)), signal);
  await rename(aside, partPath(folder, part));
}

async function writeRecord(file: string, record: object): Promise<void> {
  await writeFile(`${file}.part`, `${JSON.stringify(record, null, 2)}\n`);
  await rename(`${file}.part`, file);
}

function isOutOfRoom(error: unknown): boolean {
  const { code, message, cause } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || /No space left|ENOSPC/.test(message)) return true;
  return cause !== undefined && isOutOfRoom(cause);
}

/**
 * Removes what was set up for a backend.
 *
 * @returns The folder that was removed; undefined if there was none.
 * @throws {NativeSetupError} If the folder is none that framewise made.
 */
export async function undoNativeSetup(backend: NativeBackend): Promise<string | undefined> {
  const { root, plan } = nativeFolder(backend);
  if (!existsSync(root)) return undefined;
  if (!existsSync(plan)) {
    const parts = NATIVE_PARTS.join(', ');
    throw new NativeSetupError(
      `"${root}" was not made by "framewise setup-native" (it has no plan.json), and is left alone. If its folders ` +
        `(${parts}) are no longer needed, remove it yourself.`,
      'folder',
    );
  }
  await rm(root, { recursive: true });
  return root;
}
