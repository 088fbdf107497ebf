import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../errors.js';
import { compareNaturally, isSystemName } from '../video/media-names.js';

/** Most patterns that braces may stand for. */
const MAX_VARIANTS = 1000;

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
 * Libraries compile patterns into regular expressions, which take hours for some names. Here the time for a name grows
 * with the product of the lengths of name and pattern.
 *
 * @param pattern - Pattern with `/` between names.
 * @returns The folder before the first name with a special character, and the matching paths in natural order.
 * @throws {UsageError} If braces stand for more than 1,000 patterns.
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

async function findBelow(folder: string, [part = '', ...rest]: readonly string[]): Promise<string[]> {
  if (part === '**') return findAnywhere(folder, rest.length > 0 ? rest : ['*']);
  const names = isGlob(part) ? (await list(folder)).filter((name) => matchesName(name, part)) : [part];
  const found: string[] = [];
  for (const name of names) {
    const place = path.join(folder, name);
    if (rest.length > 0) found.push(...(await findBelow(place, rest)));
    // A link without a target counts, so that the batch reports it.
    else if ((await lstat(place).catch(() => undefined)) !== undefined) found.push(place);
  }
  return found;
}

/** Searches a folder and all folders below it, without following links. */
async function findAnywhere(folder: string, parts: readonly string[]): Promise<string[]> {
  const found = await findBelow(folder, parts);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isDirectory() || isSystemName(entry.name)) continue;
    found.push(...(await findAnywhere(path.join(folder, entry.name), parts)));
  }
  return found;
}

/** A file, or a folder that cannot be read, has no names. */
function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/**
 * Whether a name matches a pattern without `/`, `**` and braces. After a mismatch only the last `*` takes one more
 * character: an earlier one could not match more than that.
 */
export function matchesName(name: string, pattern: string): boolean {
  if (isSystemName(name) && !(name.startsWith('.') && pattern.startsWith('.'))) return false;
  const characters = [...name];
  const tokens = tokenize(pattern);
  let [at, token] = [0, 0];
  let lastStar: { token: number; at: number } | undefined;
  while (at < characters.length) {
    const wanted = tokens[token];
    if (wanted === '*') {
      lastStar = { token: token++, at };
    } else if (wanted?.(characters[at]!)) {
      at++;
      token++;
    } else if (lastStar) {
      at = ++lastStar.at;
      token = lastStar.token + 1;
    } else {
      return false;
    }
  }
  return tokens.slice(token).every((rest) => rest === '*');
}

/** Splits a pattern into stars, and tests of one character each. */
function tokenize(pattern: string): ('*' | ((character: string) => boolean))[] {
  const parts = pattern.match(/\*+|\[[!^]?\]?[^\]]*\]|./gsu) ?? [];
  return parts.map((part) => {
    if (part.startsWith('*')) return '*';
    if (part === '?') return () => true;
    if (part.length > 2 && part.startsWith('[')) return classTest(part.slice(1, -1));
    return (character) => character === part;
  });
}

/** Tests for a class such as `a-z_` or, negated, `!0-9`. A range whose end is before its start holds nothing. */
function classTest(text: string): (character: string) => boolean {
  const isNegated = /^[!^]/.test(text);
  const characters = [...(isNegated ? text.slice(1) : text)];
  const ranges: [first: string, last: string][] = [];
  for (let index = 0; index < characters.length; index++) {
    const first = characters[index]!;
    const isRange = characters[index + 1] === '-' && index + 2 < characters.length;
    ranges.push([first, isRange ? characters[index + 2]! : first]);
    if (isRange) index += 2;
  }
  return (character) => ranges.some(([first, last]) => first <= character && character <= last) !== isNegated;
}

/** `{a,b}/{c,d}` → `a/c`, `a/d`, `b/c`, `b/d`. Nested braces are expanded, too. */
function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const waiting = [pattern];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const current = next;
    const [whole, choices] = /\{([^{}]*)\}/.exec(current) ?? [];
    if (whole === undefined || choices === undefined) done.push(current);
    else for (const choice of choices.split(',')) waiting.push(current.replace(whole, () => choice));
    if (done.length + waiting.length > MAX_VARIANTS) {
      throw new UsageError(
        `The braces in "${pattern.slice(0, 80)}" stand for more than ${MAX_VARIANTS} patterns. Use fewer, or a list of videos (--list).`,
      );
    }
  }
  return done;
}
