import { appendFile, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Journal, type JournalEntry } from '../../src/batch/journal.js';
import { OutputError } from '../../src/errors.js';
import { useTemporaryFolder } from '../temporary-folder.js';

const { inFolder } = useTemporaryFolder();
const file = () => inFolder('.framewise/journal.jsonl');
const entry = (video: string, message = 'broken'): JournalEntry => ({
  ...{ video, name: video, settings: 'ab', input: null },
  ...{ status: 'failed', error: { code: 'ERR_VIDEO_OPEN', message } },
});
const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
afterEach(() => warn.mockClear());

/** Opens the journal, does some work, and closes it, as one run of the program does. */
async function withJournal<T>(work: (journal: Journal) => Promise<T>): Promise<T> {
  const journal = await Journal.open(inFolder());
  try {
    return await work(journal);
  } finally {
    await journal.close();
  }
}
const readBack = () =>
  withJournal((journal) => Promise.resolve(['a', 'b', 'c'].map((video) => journal.entryOf(video))));

describe('Journal', () => {
  it('keeps entries between runs, and uses the last line about each video', async () => {
    await withJournal(async (journal) => {
      await Promise.all([journal.append(entry('a')), journal.append(entry('b'))]);
      await journal.append(entry('a', 'again'));
      expect(journal.entryOf('a')).toEqual(entry('a', 'again'));
    });
    expect(await readBack()).toEqual([entry('a', 'again'), entry('b'), undefined]);
    expect(await withJournal((journal) => Promise.resolve([...journal.names()]))).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ]);
  });

  it('continues after the last complete line, wherever the next line was cut off', async () => {
    await withJournal(async (journal) => {
      await journal.append(entry('a'));
      await journal.append(entry('b', 'äöü'));
    });
    const whole = await readFile(file());
    const firstLine = whole.indexOf('\n') + 1;
    for (let numBytes = firstLine; numBytes < whole.length; numBytes++) {
      await writeFile(file(), whole);
      await truncate(file(), numBytes);
      await withJournal((journal) => journal.append(entry('c')));
      expect(await readBack()).toEqual([entry('a'), undefined, entry('c')]);
    }
    expect(warn).not.toHaveBeenCalled();
  });

  it('skips damaged lines and warns how many there are', async () => {
    await withJournal((journal) => journal.append(entry('a')));
    await appendFile(file(), '\0\0\0\n{"video":"b"}\n');
    await withJournal((journal) => journal.append(entry('c')));
    expect(await readBack()).toEqual([entry('a'), undefined, entry('c')]);
    expect(warn.mock.calls[0]?.[0]).toMatch(/2 of 3 lines of ".*journal\.jsonl" are damaged/);
  });

  it.each([
    ['removed', () => rm(inFolder('.framewise'), { recursive: true })],
    ['moved away', () => rename(file(), `${file()}.old`)],
    [
      'replaced',
      async () => {
        await writeFile(`${file()}.new`, '');
        await rename(`${file()}.new`, file());
      },
    ],
  ])('refuses to append after its file was %s', async (_, change) => {
    await withJournal(async (journal) => {
      await journal.append(entry('a'));
      await change();
      const error: unknown = await journal.append(entry('b')).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(OutputError);
      expect((error as Error).message).toMatch(/was removed or replaced.*run the same command again/);
      await expect(journal.expectInPlace()).rejects.toThrow(OutputError);
      expect(journal.entryOf('b')).toBeUndefined();
    });
  });
});
