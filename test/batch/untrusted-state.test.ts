import { appendFile, lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Journal } from '../../src/batch/journal.js';
import { labelVideos } from '../../src/batch/label-videos.js';
import { lockOutputFolder } from '../../src/batch/run-lock.js';
import { OutputError, OutputLockedError } from '../../src/errors.js';
import { useTemporaryFolder } from '../temporary-folder.js';
import { FakeRecognizer } from './fake-recognizer.js';

const { inFolder, write } = useTemporaryFolder();
const outputDir = () => inFolder('out');
const journalFile = () => inFolder('out/.framewise/journal.jsonl');
const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
afterEach(() => warn.mockClear());

let video: string;
beforeEach(async () => {
  video = await write('in/a.mp4', 'walk');
});
const run = (videos: Parameters<typeof labelVideos>[1] = [video], formats = ['json']) =>
  labelVideos(new FakeRecognizer(), videos, { outputDir: outputDir(), formats });

/** Rewrites the only line of the journal. */
async function forge(change: (entry: Record<string, unknown>) => object): Promise<void> {
  const entry = JSON.parse(await readFile(journalFile(), 'utf8')) as Record<string, unknown>;
  await writeFile(journalFile(), `${JSON.stringify({ ...entry, ...change(entry) })}\n`);
}

describe('a journal that someone else wrote', () => {
  it.each(['../victim.json', '/etc/victim.json', 'x/../../victim.json', 'a/./b', '', 'nul\0byte'])(
    'cannot name the label file %j',
    async (name) => {
      await run();
      const victim = await write('victim.json', 'precious');
      await forge(() => ({ settings: 'other', files: [{ path: name, numBytes: 8, sha256: 'ab' }] }));
      expect((await run()).numLabelled).toBe(1);
      expect(await readFile(victim, 'utf8')).toBe('precious');
      expect(warn.mock.calls[0]?.[0]).toMatch(/1 of 1 lines .* damaged/);
    },
  );

  it.each(['../escaped', '/tmp/escaped', '.framewise/journal', '.FrameWise/x'])(
    'cannot move label files to %j',
    async (name) => {
      await run();
      await forge(() => ({ settings: 'other', name }));
      expect((await run()).videos).toMatchObject([{ files: [path.join(outputDir(), 'a.json')] }]);
      expect(await readdir(inFolder())).toEqual(['in', 'out']);
    },
  );

  it('cannot delete or write through a linked folder', async () => {
    const found = { source: video, subfolder: 'sub' };
    await run([found]);
    const outside = await write('outside/a.json', await readFile(inFolder('out/sub/a.json'), 'utf8'));
    await rm(inFolder('out/sub'), { recursive: true });
    await symlink(inFolder('outside'), inFolder('out/sub'));
    const summary = await run([found, await write('in/b.mp4', 'sit')], ['csv']);
    expect(summary.videos).toMatchObject([
      {
        status: 'failed',
        error: { code: 'ERR_OUTPUT_NAME', message: expect.stringContaining('link') as string },
      },
      { status: 'labelled' },
    ]);
    expect(await readdir(path.dirname(outside))).toEqual(['a.json']);
  });

  it('is not followed if it is a link, and its target stays as it is', async () => {
    const target = await write('target', 'unfinished line');
    await mkdir(path.dirname(journalFile()), { recursive: true });
    await symlink(target, journalFile());
    await expect(run()).rejects.toThrow(/journal\.jsonl": it is a symbolic link/);
    expect(await readFile(target, 'utf8')).toBe('unfinished line');
  });

  it('is refused if it is a folder, or lies in a linked folder', async () => {
    await mkdir(journalFile(), { recursive: true });
    await expect(Journal.open(outputDir())).rejects.toThrow(OutputError);
    await rm(outputDir(), { recursive: true });
    await mkdir(outputDir());
    await mkdir(inFolder('elsewhere'));
    await symlink(inFolder('elsewhere'), inFolder('out/.framewise'));
    await expect(run()).rejects.toThrow(/\.framewise" is a symbolic link/);
    expect(await readdir(inFolder('elsewhere'))).toEqual([]);
  });
});

describe('a lock that someone else wrote', () => {
  const lockFile = () => inFolder('out/.framewise/lock');
  const holder = (more: object) =>
    JSON.stringify({ pid: process.ppid, host: os.hostname(), startedAt: '', run: 'another', ...more });

  it('is refused if it is a link, also one that leads nowhere', async () => {
    await write('somewhere', '');
    for (const target of ['nowhere', 'somewhere']) {
      await write('out/.framewise/x', '');
      await symlink(inFolder(target), lockFile());
      await expect(lockOutputFolder(outputDir())).rejects.toThrow(/it is a symbolic link. Remove it/);
      await rm(lockFile());
    }
  });

  it('is refused if it is larger than any lock', async () => {
    await write('out/.framewise/lock', 'x'.repeat(5000));
    await expect(lockOutputFolder(outputDir())).rejects.toThrow(/it has 5000 bytes; at most 4096 are read/);
  });

  it('belongs to a living process whatever the clock said when it started', async () => {
    await write('out/.framewise/lock', holder({ startedAt: '2001-01-01T00:00:00.000Z' }));
    await expect(lockOutputFolder(outputDir())).rejects.toThrow(OutputLockedError);
  });

  it.runIf(process.platform === 'linux')('is taken over if another process has its number now', async () => {
    await write('out/.framewise/lock', holder({ birth: 'another-start/17' }));
    await (await lockOutputFolder(outputDir())).release();
  });

  it('does not keep an aborted run waiting', async () => {
    await write('out/.framewise/lock', holder({ pid: 2 ** 22 + 1 }));
    await write('out/.framewise/lock.next', '');
    const end = lockOutputFolder(outputDir(), AbortSignal.abort(new Error('enough')));
    await expect(end).rejects.toThrow('enough');
  });
});

describe('other files in the output folder', () => {
  it('cannot take the place of the journal', async () => {
    const odd = { source: await write('in/.framewise/journal.mp4', 'walk'), subfolder: '.framewise' };
    const summary = await run([odd], ['jsonl']);
    expect(summary.videos[0]).toMatchObject({ status: 'labelled' });
    expect(await readdir(inFolder('out/.framewise'))).toEqual(['journal.jsonl']);
    expect((await run([odd], ['jsonl'])).numUnchanged).toBe(1);
  });

  it('get a clear message if a folder stands where the summary goes', async () => {
    await mkdir(inFolder('out/summary.json/sub'), { recursive: true });
    await expect(run()).rejects.toThrow(/Cannot replace ".*summary\.json".*Move it out of the way/);
  });

  it('fail alone if the file system does not allow their names', async () => {
    const long = await write(`in/${'n'.repeat(250)}.mp4`, 'walk');
    const summary = await run([long, video], ['label-studio']);
    expect(summary.videos).toMatchObject([
      { status: 'failed', error: { code: 'ERR_OUTPUT_NAME' } },
      { status: 'labelled' },
    ]);
  });

  it('may have the longest name that the file system allows', async () => {
    const longest = await write(`in/${'n'.repeat(250)}.mp4`, 'walk');
    expect((await run([longest])).numLabelled).toBe(1);
  });
});

describe('a label file that someone edited', () => {
  const labels = () => inFolder('out/a.json');
  beforeEach(async () => {
    await run();
    await appendFile(labels(), ' ');
  });

  it('is kept by the same run and by one with other options, and counted', async () => {
    const edited = await readFile(labels(), 'utf8');
    for (const formats of [['json'], ['json', 'csv']]) {
      const summary = await run([video], formats);
      expect(summary).toMatchObject({ numLabelled: 0, numUnchanged: 1, numEdited: 1 });
      expect(summary.videos[0]).toMatchObject({ status: 'unchanged', isEdited: true });
    }
    expect(await readFile(labels(), 'utf8')).toBe(edited);
  });

  it('is kept if the format is no longer requested', async () => {
    await labelVideos(new FakeRecognizer(), [video], { outputDir: outputDir(), formats: ['csv'] });
    expect((await lstat(labels())).isFile()).toBe(true);
  });

  it('is replaced on request', async () => {
    const summary = await labelVideos(new FakeRecognizer(), [video], {
      outputDir: outputDir(),
      overwrite: true,
    });
    expect(summary).toMatchObject({ numLabelled: 1, numEdited: 0 });
    expect((await run()).numEdited).toBe(0);
  });

  it('is not taken for edited if a run died between writing it and recording it', async () => {
    const journal = await readFile(journalFile(), 'utf8');
    await labelVideos(new FakeRecognizer(), [video], {
      ...{ outputDir: outputDir(), overwrite: true, includeProbabilities: true },
    });
    const lines = (await readFile(journalFile(), 'utf8')).slice(journal.length).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { status: string }).status)).toEqual([
      'replacing',
      'labelled',
    ]);
    await writeFile(journalFile(), `${journal}${lines[0]}\n`);
    expect(await run()).toMatchObject({ numLabelled: 1, numEdited: 0 });
  });
});
