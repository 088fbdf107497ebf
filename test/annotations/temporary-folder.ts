import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** Gives each test of a file an empty folder, and removes it afterwards. */
export function useTemporaryFolder(): {
  pathOf: (name: string) => string;
  write: (name: string, content?: string | Uint8Array) => Promise<string>;
} {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-annotations-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const pathOf = (name: string) => path.join(folder, name);
  return {
    pathOf,
    async write(name, content = '') {
      await mkdir(path.dirname(pathOf(name)), { recursive: true });
      await writeFile(pathOf(name), content);
      return pathOf(name);
    },
  };
}
