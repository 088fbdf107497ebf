import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { OutputError } from '../errors.js';
import { prepareOutputFolder } from '../runtime/output-file.js';

/** Folder within the output folder for what a run must know about earlier runs. */
export const STATE_FOLDER = '.framewise';

/** Whether label files of this name would lie in the folder that belongs to framewise. */
export function isReserved(name: string): boolean {
  return name.split('/')[0]!.toLowerCase() === STATE_FOLDER;
}

/**
 * Creates the state folder of an output folder and checks that it is writable.
 *
 * @returns Its path.
 * @throws {OutputError} If it cannot be created or written, or is a link, which would lead somewhere else.
 */
export async function prepareStateFolder(outputDir: string): Promise<string> {
  const folder = path.join(outputDir, STATE_FOLDER);
  if ((await lstat(folder).catch(() => undefined))?.isSymbolicLink()) {
    throw new OutputError(
      `"${folder}" is a symbolic link. Remove it, or choose another output folder.`,
      folder,
    );
  }
  await prepareOutputFolder(folder);
  return folder;
}
