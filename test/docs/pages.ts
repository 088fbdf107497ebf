import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Root of the repository. */
export const ROOT = path.join(import.meta.dirname, '../..');

/** A page of the documentation. */
export interface Page {
  /** Path from the root of the repository. */
  name: string;
  text: string;
}

/** A fenced block of code. */
export interface CodeBlock {
  language: string;
  code: string;
  /** One-based line of the page on which the code begins. */
  line: number;
}

const FENCE = /^```(\w*)\n([^]*?)^```$/gm;

/** README, CONTRIBUTING, CHANGELOG and everything in docs. */
export function readPages(): Page[] {
  const docs = readdirSync(path.join(ROOT, 'docs')).filter((file) => file.endsWith('.md'));
  const names = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs.map((file) => `docs/${file}`)];
  return names.map((name) => ({ name, text: readFileSync(path.join(ROOT, name), 'utf8') }));
}

/** The fenced blocks of a page in one of the languages. */
export function codeBlocks({ text }: Page, ...languages: string[]): CodeBlock[] {
  return [...text.matchAll(FENCE)]
    .map(({ 1: language = '', 2: code = '', index }) => ({
      language,
      code,
      line: text.slice(0, index).split('\n').length + 1,
    }))
    .filter(({ language }) => languages.includes(language));
}

/** The page without its fenced blocks. */
export function proseOf({ text }: Page): string {
  return text.replace(FENCE, '');
}

/** The anchors that GitHub gives the headings of a page. */
export function anchorsOf(page: Page): Set<string> {
  const anchors = new Set<string>();
  for (const { 1: heading = '' } of proseOf(page).matchAll(/^#{1,6} +(.+)$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const base = words.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
    let anchor = base;
    for (let repeat = 1; anchors.has(anchor); repeat++) anchor = `${base}-${repeat}`;
    anchors.add(anchor);
  }
  return anchors;
}
