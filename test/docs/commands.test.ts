import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { framewise } from '../cli/command-line.js';
import { codeBlocks, proseOf, readPages, ROOT, type Page } from './pages.js';

/** Flags in prose that belong to other programs: npm, vitest, and the generator of fixtures. */
const OTHER_FLAGS = new Set(['--project', '--omit']);

/** Files that readers make when they follow the pages, and what the changelog says is gone. */
const ABSENT_FILES = ['models/mine', 'src/annotations/formats/my-format.ts', 'scripts/cross-validate.ts'];

const pages = readPages();
const flagsByCommand = new Map<string, Set<string>>();

const flagsIn = (text: string): string[] =>
  [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag);

beforeAll(async () => {
  const { stdout } = await framewise('--help');
  const commands = [...stdout.matchAll(/^ {2}([a-z][a-z-]+) /gm)].map(({ 1: name = '' }) => name);
  for (const command of commands.filter((name) => name !== 'help')) {
    const help = await framewise(command, '--help');
    expect(help.exitCode).toBe(0);
    flagsByCommand.set(command, new Set(['--help', ...flagsIn(help.stdout)]));
  }
});

/** The lines of a page's shell blocks, with continued lines joined. */
function commandLines(page: Page): string[] {
  return codeBlocks(page, 'sh').flatMap(({ code }) =>
    code
      .replaceAll(/\\\n\s*/g, ' ')
      .split('\n')
      .map((line) => line.replace(/ # .*$/, '')),
  );
}

describe.each(pages.map((page) => [page.name, page] as const))('%s', (_name, page) => {
  it('gives framewise only commands and flags that exist', () => {
    const unknown: string[] = [];
    for (const line of commandLines(page)) {
      const match = /\bframewise (?!--)([a-z-]+)(.*)$/.exec(line);
      if (!match) continue;
      const [, command = '', rest = ''] = match;
      const known = flagsByCommand.get(command);
      if (!known) unknown.push(line);
      else unknown.push(...flagsIn(rest).filter((flag) => !known.has(flag)));
    }
    expect(unknown).toEqual([]);
  });

  it('names only flags that exist', () => {
    const known = new Set([...flagsByCommand.values()].flatMap((flags) => [...flags]));
    const inCode = [...proseOf(page).matchAll(/`([^`]+)`/g)].flatMap(({ 1: code = '' }) => flagsIn(code));
    expect(inCode.filter((flag) => !known.has(flag) && !OTHER_FLAGS.has(flag))).toEqual([]);
  });

  it('names only npm scripts and files that exist', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const called = [...page.text.matchAll(/npm run ([\w:-]+)/g)].map(({ 1: name = '' }) => name);
    expect(called.filter((name) => scripts[name] === undefined)).toEqual([]);
    const named = [...page.text.matchAll(/\b(?:src|scripts|examples|fixtures|models|test)\/[\w./-]*\w/g)];
    const missing = named.map(([file]) => file).filter((file) => !existsSync(path.join(ROOT, file)));
    expect(missing.filter((file) => !ABSENT_FILES.includes(file))).toEqual([]);
  });
});
