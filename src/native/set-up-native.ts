import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NativeSetupError } from '../errors.js';
import { compileAddon } from './compile-addon.js';
import { installTensorflow } from './install-tensorflow.js';
import { hashFile, nativeFolder, type NativeBackend, type NativeManifest } from './native-folder.js';
import { NATIVE_PARTS, partPath, type NativePart, type NativeSetup } from './plan-native-setup.js';
import { proveAddon, type Proof } from './prove-addon.js';
import { takeSources } from './take-sources.js';

/**
 * Sets up a native backend: TensorFlow's library, the sources of tfjs-node, the addon, and a test computation. Each part is
 * made under a temporary name and renamed when complete, so a run after a failure resumes where the last one stopped.
 *
 * @param setup - Result of {@link planNativeSetup}.
 * @param announce - Called before each part is made.
 * @returns The result of the test computation.
 * @throws {NativeSetupError} If a part cannot be made. The message says what to do.
 */
export async function setUpNative(
  setup: NativeSetup,
  announce: (part: NativePart) => void,
  signal: AbortSignal,
): Promise<Proof> {
  const { plan, folder, tools, missing, stale } = setup;
  try {
    await mkdir(folder.root, { recursive: true });
    // Without a manifest the setup counts as unfinished.
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
          `The disk of "${folder.root}" is full. Free some space, or set FRAMEWISE_NATIVE to a folder on another disk. ` +
            'Then run the same command again.',
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
 * Removes the setup of a backend.
 *
 * @returns The folder that was removed, or undefined if there was none.
 * @throws {NativeSetupError} If the folder was not made by framewise.
 */
export async function undoNativeSetup(backend: NativeBackend): Promise<string | undefined> {
  const { root, plan } = nativeFolder(backend);
  if (!existsSync(root)) return undefined;
  if (!existsSync(plan)) {
    const parts = NATIVE_PARTS.join(', ');
    throw new NativeSetupError(
      `"${root}" was not made by "framewise setup-native" (it has no plan.json), so it is not removed. If its folders ` +
        `(${parts}) are no longer needed, remove it yourself.`,
      'folder',
    );
  }
  await rm(root, { recursive: true });
  return root;
}
