import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** A folder of its own for each test of a file; the functions give paths in it. */
export function useTemporaryFolder(): {
  inFolder: (...parts: string[]) => string;
  write: (name: string, content?: string | Uint8Array) => Promise<string>;
} {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-batch-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const inFolder = (...parts: string[]): string => path.join(folder, ...parts);
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
