import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/**
 * Gives each test of a file an empty folder and removes it afterwards. Call it at the top of a test file or `describe`.
 *
 * @returns `inFolder` joins names to a path in the folder, or gives the folder itself without names; `write` writes a
 *   file there, makes its parent folders, and gives its path.
 */
export function useTemporaryFolder(): {
  inFolder: (...names: string[]) => string;
  write: (name: string, content?: string | Uint8Array) => Promise<string>;
} {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-test-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const inFolder = (...names: string[]): string => path.join(folder, ...names);
  return {
    inFolder,
    async write(name, content = '') {
      const file = inFolder(name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
      return file;
    },
  };
}
