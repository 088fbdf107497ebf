import { describe, expect, it } from 'vitest';
import { findGlob, matchesName } from '../../src/batch/glob.js';
import { UsageError } from '../../src/errors.js';
import { useTemporaryFolder } from '../temporary-folder.js';

const { inFolder, write } = useTemporaryFolder();

describe('matchesName', () => {
  it.each([
    ['*', 'a.mp4', true],
    ['*', '.hidden', false],
    ['.*', '.hidden', true],
    ['a*b*c', 'aXbYbZc', true],
    ['a*b*c', 'aXbYbZ', false],
    ['?', 'ä', true],
    ['?', '😀', true],
    ['[a-c]?', 'bx', true],
    ['[!a-c]?', 'bx', false],
    ['[]]', ']', true],
    ['[a-]', '-', true],
    ['[z-a].mp4', 'm.mp4', false],
    ['[', '[', true],
    ['a[', 'a[', true],
    ['a.b', 'axb', false],
    ['a+(b)', 'a+(b)', true],
    ['**', 'a', true],
    ['*', '@eaDir', false],
    ['@eaDir', '@eaDir', false],
    ['a*', 'a', true],
    ['*a', 'b', false],
  ])('%s and %s: %s', (pattern, name, isMatch) => {
    expect(matchesName(name, pattern)).toBe(isMatch);
  });

  it('agrees with a search for every split of short names', () => {
    // An independent definition: a star takes any number of characters, tried one after another.
    const slow = (name: string, pattern: string): boolean => {
      if (pattern === '') return name === '';
      if (pattern[0] === '*')
        return [...name, ''].some((_, skip) => slow(name.slice(skip), pattern.slice(1)));
      return (
        name !== '' && (pattern[0] === '?' || pattern[0] === name[0]) && slow(name.slice(1), pattern.slice(1))
      );
    };
    const texts = (letters: string, length: number): string[] =>
      length === 0
        ? ['']
        : texts(letters, length - 1).flatMap((text) => [text, ...[...letters].map((each) => each + text)]);
    for (const pattern of new Set(texts('ab*?', 4))) {
      for (const name of new Set(texts('ab', 4)))
        expect(matchesName(name, pattern)).toBe(slow(name, pattern));
    }
  });

  it('ends for patterns that take regular expressions hours', () => {
    expect(matchesName('a'.repeat(10_000), `${'a*'.repeat(100)}b`)).toBe(false);
  });
});

describe('findGlob', () => {
  it('refuses braces that stand for too many patterns', async () => {
    await expect(findGlob('{a,b}'.repeat(16))).rejects.toThrow(UsageError);
    await expect(findGlob('{a,b}'.repeat(16))).rejects.toThrow(/more than 1000 patterns/);
  });

  it('does not enter folders of systems', async () => {
    for (const name of ['a/1.mp4', '@eaDir/a/1.mp4', '.git/1.mp4']) await write(name);
    expect((await findGlob(`${inFolder()}/**/*.mp4`)).matches).toEqual([inFolder('a/1.mp4')]);
  });
});
