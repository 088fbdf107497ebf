import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/**
 * @returns `CHROMIUM_PATH`, or else the first `chromium` on the search path.
 * @throws If there is neither, where continuous integration should have installed one.
 */
export function findChromium(): string | undefined {
  const folders = process.env.PATH?.split(path.delimiter) ?? [];
  const found =
    process.env.CHROMIUM_PATH || folders.map((folder) => path.join(folder, 'chromium')).find(isExecutable);
  if (!found && process.env.CI) {
    throw new Error('No chromium on PATH. Install it, or set CHROMIUM_PATH to a Chrome or Chromium.');
  }
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
