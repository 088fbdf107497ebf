import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, proseOf, readPages, ROOT, type Page } from './pages.js';

/** Targets of links and pictures. */
function linksOf(page: Page): string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(({ 1: target = '' }) => target);
}

/** What is wrong with a relative link, or undefined. */
function problemOf(page: Page, link: string): string | undefined {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page.name : path.posix.join(path.posix.dirname(page.name), file);
  if (!existsSync(path.join(ROOT, target))) return `${link}: there is no ${target}`;
  if (anchor === undefined) return undefined;
  const text = readFileSync(path.join(ROOT, target), 'utf8');
  return anchorsOf({ name: target, text }).has(anchor)
    ? undefined
    : `${link}: there is no heading #${anchor}`;
}

const pages = readPages();

describe.each(pages.map((page) => [page.name, page] as const))('%s', (_name, page) => {
  it('links to files and headings that exist', () => {
    const links = linksOf(page).filter((link) => !/^https?:/.test(link));
    expect(links.flatMap((link) => problemOf(page, link) ?? [])).toEqual([]);
  });
});

it('README has at most 100 lines', () => {
  const readme = pages.find(({ name }) => name === 'README.md');
  expect(readme?.text.trimEnd().split('\n').length).toBeLessThanOrEqual(100);
});

it('the index of docs links to every page', () => {
  const index = pages.find(({ name }) => name === 'docs/README.md')!;
  const others = pages.filter(({ name }) => name.startsWith('docs/') && name !== index.name);
  expect(linksOf(index)).toEqual(expect.arrayContaining(others.map(({ name }) => path.basename(name))));
});
