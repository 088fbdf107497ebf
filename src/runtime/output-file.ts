import { randomUUID } from 'node:crypto';
import { access, constants, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { OutputError } from '../errors.js';

/**
 * Writes a whole file or nothing: the content goes to a temporary file beside the target, is flushed to disk, and
 * takes the target's name in one step. A reader never sees half a file, and a failure leaves the old one.
 *
 * @param file - Target path; missing folders are made.
 * @throws {OutputError} If the folder or the file cannot be written.
 */
export async function writeFileAtomic(file: string, content: string | Uint8Array): Promise<void> {
  const folder = path.dirname(file);
  const aside = path.join(folder, `.${path.basename(file)}.${randomUUID()}.part`);
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
    throw new OutputError(
      `Cannot write "${file}": ${(cause as Error).message}. Choose a folder that you may write to and that has room.`,
      file,
      { cause },
    );
  }
}

/**
 * Removes from a folder what {@link writeFileAtomic} left aside when its process was killed. Only where no other process
 * writes.
 */
export async function removeUnfinishedFiles(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []); // There is none yet.
  for (const name of names) {
    if (/^\..+\.[\da-f-]{36}\.part$/.test(name)) await rm(path.join(folder, name), { force: true });
  }
}

/**
 * Makes a folder and finds out now, before hours of work, whether it can be written.
 *
 * @throws {OutputError} If it cannot.
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
