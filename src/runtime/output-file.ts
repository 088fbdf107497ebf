import { randomUUID } from 'node:crypto';
import { access, constants, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { OutputError, OutputNameError } from '../errors.js';

/**
 * Writes a file completely or not at all: writes a temporary file in the same folder, flushes it to disk and renames it. A
 * reader never sees half a file, and after a failure the old file is still there.
 *
 * @param file - Target path. Missing folders are created.
 * @throws {OutputNameError} If the file system does not allow the name.
 * @throws {OutputError} If the folder or the file cannot be written.
 */
export async function writeFileAtomic(file: string, content: string | Uint8Array): Promise<void> {
  const folder = path.dirname(file);
  const aside = temporaryPath(folder);
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(aside, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (cause) {
    await rm(aside, { force: true }).catch(() => undefined);
    throw outputError(file, cause);
  }
}

/**
 * Lets a function write a file under a temporary name in its folder, and renames it when it is complete.
 *
 * @param file - Target path. Missing folders are created.
 * @param write - Gets the absolute temporary path.
 * @throws {OutputError} If the system refuses to write or rename the file. Other errors of `write` are thrown unchanged.
 */
export async function writeAside(file: string, write: (aside: string) => Promise<void>): Promise<void> {
  const folder = path.dirname(file);
  await prepareOutputFolder(folder);
  const aside = path.resolve(temporaryPath(folder));
  try {
    await write(aside);
    await rename(aside, file);
  } catch (cause) {
    throw cause instanceof Error && 'syscall' in cause ? outputError(file, cause) : cause;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Says why a file could not be written, and whether only its name is to blame. */
function outputError(file: string, cause: unknown): OutputError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENAMETOOLONG') {
    return new OutputNameError(
      `Cannot write "${file}": the name is longer than the file system allows. Rename the video.`,
      file,
      { cause },
    );
  }
  const advice = 'Choose a folder that you may write to and that has room.';
  return new OutputError(`Cannot write "${file}": ${message}. ${advice}`, file, { cause });
}

/** A name for a file that is not complete yet. Its length does not depend on the final name, which may be the longest allowed. */
function temporaryPath(folder: string): string {
  return path.join(folder, `.${randomUUID()}.part`);
}

/**
 * Removes files with a {@link temporaryPath} that a killed process left in a folder. No other process may be writing to the
 * folder.
 */
export async function removeUnfinishedFiles(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []); // The folder does not exist yet.
  for (const name of names) {
    if (/^\.(.+\.)?[\da-f-]{36}\.part$/.test(name)) await rm(path.join(folder, name), { force: true });
  }
}

/**
 * Creates a folder and checks that it is writable, before hours of work.
 *
 * @throws {OutputError} If the folder cannot be created or written.
 */
export async function prepareOutputFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new OutputError(
      `Cannot write to "${folder}": ${(cause as Error).message}. Choose a folder that you may write to.`,
      folder,
      { cause },
    );
  }
}
