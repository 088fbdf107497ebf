import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { glob, type GlobOptions } from 'tinyglobby';
import { compareNaturally } from '../video/media-names.js';

/** Whether a text contains a character that has a meaning in a glob pattern. */
export function isGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

/**
 * Finds files and folders that match a pattern, as a shell does: `*` and `?` match characters of one name, `**` matches
 * any number of folders, `[ab]` and `[!ab]` match one character, `{a,b}` matches either text. Hidden names match only a
 * pattern that starts with a dot. `*` follows links to folders. `**` does not, because links may form a circle. Folders
 * that cannot be read are treated as empty.
 *
 * @param pattern - Pattern with `/` between names.
 * @returns The folder before the first name with a special character, and the matching paths in natural order.
 */
export async function findGlob(pattern: string): Promise<{ root: string; matches: string[] }> {
  const parts = pattern.split('/');
  const firstMagic = parts.findIndex(isGlob);
  const root = parts.slice(0, firstMagic).join('/') || (pattern.startsWith('/') ? '/' : '.');
  const matches = new Set<string>();
  for (const variant of expandBraces(parts.slice(firstMagic).join('/'))) {
    for (const match of await findBelow(root, variant.split('/'))) matches.add(match);
  }
  return { root, matches: [...matches].sort(compareNaturally) };
}

/** Searches for the names before `**`, the folders of `**` and the names after it one after another. */
async function findBelow(folder: string, parts: readonly string[]): Promise<string[]> {
  const position = parts.indexOf('**');
  if (position < 0) return search(folder, parts.join('/'), { onlyFiles: false, fs: FOLLOWING_LINKS });
  const bases = position > 0 ? await findBelow(folder, parts.slice(0, position)) : [folder];
  const after = position + 1 < parts.length ? parts.slice(position + 1) : ['*'];
  const found: string[] = [];
  for (const base of bases) {
    const subfolders = await search(base, '**', { onlyDirectories: true });
    for (const subfolder of new Set([base, ...subfolders]))
      found.push(...(await findBelow(subfolder, after)));
  }
  return found;
}

async function search(folder: string, pattern: string, options: GlobOptions): Promise<string[]> {
  const shared = { cwd: folder, followSymbolicLinks: false, expandDirectories: false, extglob: false };
  return (await glob(pattern, { ...shared, ...options })).map((match) => path.join(folder, match));
}

/**
 * Lists links to folders as folders, which tinyglobby itself walks through but never returns. Everything else counts
 * as a file: a link without a target stays in the result, so that the batch reports it.
 */
const FOLLOWING_LINKS = {
  readdir(folder: string, _options: object, done: (error: Error | null, entries: object[]) => void): void {
    void listFollowing(folder).then(
      (entries) => done(null, entries),
      (error: Error) => done(error, []),
    );
  },
} as unknown as GlobOptions['fs'];

async function listFollowing(folder: string): Promise<Pick<Dirent, 'name' | 'isFile' | 'isDirectory'>[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return Promise.all(
    entries.map(async (entry) => {
      const { name } = entry;
      const isFolder =
        entry.isDirectory() || (!entry.isFile() && (await isFolderAt(path.join(folder, name))));
      return { name, isFile: () => !isFolder, isDirectory: () => isFolder, isSymbolicLink: () => false };
    }),
  );
}

function isFolderAt(place: string): Promise<boolean> {
  return stat(place).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

/** `{a,b}/{c,d}` → `a/c`, `a/d`, `b/c`, `b/d`. Nested braces are expanded, too. */
function expandBraces(pattern: string): string[] {
  const [whole, choices] = /\{([^{}]*)\}/.exec(pattern) ?? [];
  if (whole === undefined || choices === undefined) return [pattern];
  return choices.split(',').flatMap((choice) => expandBraces(pattern.replace(whole, () => choice)));
}
