import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { compareNaturally } from '../video/media-names.js';

/** Whether a text has a character that a glob gives a meaning to. */
export function isGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

/**
 * Finds files and folders by a pattern, as a shell does: `*` and `?` stand for characters of one name, `**` for any
 * folders or none, `[ab]` and `[!ab]` for one character, `{a,b}` for either text. A hidden name matches only a pattern
 * that begins with a dot. `**` does not follow links to folders, as they may be circles; folders that cannot be read
 * hold nothing.
 *
 * @param pattern - With `/` between names.
 * @returns The folder before the first name with a magic character, and what matches, in natural order.
 */
export async function findGlob(pattern: string): Promise<{ root: string; matches: string[] }> {
  const parts = pattern.split('/');
  const firstMagic = parts.findIndex(isGlob);
  const root = parts.slice(0, firstMagic).join('/') || (pattern.startsWith('/') ? '/' : '.');
  const matches = new Set<string>();
  for (const variant of expandBraces(parts.slice(firstMagic).join('/'))) {
    for (const match of await walk(root, variant.split('/'))) matches.add(match);
  }
  return { root, matches: [...matches].sort(compareNaturally) };
}

async function walk(folder: string, [part = '', ...rest]: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = part === '**' ? await walk(folder, rest.length > 0 ? rest : ['*']) : [];
  const matcher = toRegExp(part === '**' ? '*' : part);
  for (const entry of entries) {
    const place = path.join(folder, entry.name);
    if (!matcher.test(entry.name)) continue;
    if (part === '**') {
      if (entry.isDirectory()) found.push(...(await walk(place, [part, ...rest])));
    } else if (rest.length === 0) found.push(place);
    else if (!entry.isFile()) found.push(...(await walk(place, rest)));
  }
  return found;
}

/** `{a,b}/{c,d}` → `a/c`, `a/d`, `b/c`, `b/d`; braces within braces too. */
function expandBraces(pattern: string): string[] {
  const [whole, choices] = /\{([^{}]*)\}/.exec(pattern) ?? [];
  if (whole === undefined || choices === undefined) return [pattern];
  return choices.split(',').flatMap((choice) => expandBraces(pattern.replace(whole, () => choice)));
}

function toRegExp(part: string): RegExp {
  const source = part.replace(/\[!?[^\]]+\]|[*?]|[\\^$.|+()[\]{}]/g, (magic) => {
    if (magic === '*') return '.*';
    if (magic === '?') return '.';
    if (magic.length === 1) return `\\${magic}`;
    return magic.replace(/[\\^]/g, '\\$&').replace('[!', '[^');
  });
  return new RegExp(`^${part.startsWith('.') ? '' : '(?!\\.)'}${source}$`, 'su');
}
