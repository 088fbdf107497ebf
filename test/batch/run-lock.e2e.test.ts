import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { beforeEach, describe, expect, it } from 'vitest';
import { lockOutputFolder } from '../../src/batch/run-lock.js';
import { OutputError, OutputLockedError } from '../../src/errors.js';
import { useTemporaryFolder } from '../temporary-folder.js';

const { inFolder, write } = useTemporaryFolder();
const STATE = '.framewise';
const now = () => new Date().toISOString();
/** The content of another run's lock. */
const holder = (more: object) =>
  JSON.stringify({ pid: process.ppid, host: os.hostname(), startedAt: now(), run: 'another', ...more });
let deadPid: number;
beforeEach(() => {
  deadPid = spawnSync(process.execPath, ['--version']).pid;
});

describe('lockOutputFolder', () => {
  it('refuses a second run until the first releases', async () => {
    const lock = await lockOutputFolder(inFolder());
    const error: unknown = await lockOutputFolder(inFolder()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OutputLockedError);
    expect((error as Error).message).toContain(`process ${process.pid} on this machine`);
    await lock.release();
    expect(await readdir(inFolder(STATE))).toEqual([]);
    await (await lockOutputFolder(inFolder())).release();
  });

  it('gives the lock to exactly one of many runs, on a free folder and after a dead process', async () => {
    for (const left of [undefined, holder({ pid: deadPid }), '']) {
      if (left !== undefined) await write(`${STATE}/lock`, left);
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockOutputFolder(inFolder())));
      const locks = tries.filter((each) => each.status === 'fulfilled');
      expect(locks).toHaveLength(1);
      expect(await readdir(inFolder(STATE))).toEqual(['lock']);
      await locks[0]!.value.release();
    }
  });

  it.each<[whose: string, left: () => string]>([
    ['a dead process', () => holder({ pid: deadPid })],
    ['a process whose ID this process has now', () => holder({ pid: process.pid })],
    ['a process that died before it wrote its ID', () => ''],
    ['an unknown process', () => '{"pid":"one"}'],
  ])('takes over the lock of %s', async (_, left) => {
    await write(`${STATE}/lock`, left());
    const lock = await lockOutputFolder(inFolder());
    expect(JSON.parse(await readFile(inFolder(STATE, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    await lock.release();
  });

  it('respects the lock of a living process, and of another host, whose file it names', async () => {
    await write(`${STATE}/lock`, holder({}));
    await expect(lockOutputFolder(inFolder())).rejects.toThrow(`process ${process.ppid} on this machine`);
    await write(`${STATE}/lock`, holder({ host: 'elsewhere', pid: deadPid }));
    await expect(lockOutputFolder(inFolder())).rejects.toThrow(/on elsewhere, since .*remove ".*lock"/);
  });

  it('does not wait long for a process that died while taking over', async () => {
    await write(`${STATE}/lock`, holder({ pid: deadPid }));
    await write(`${STATE}/lock.next`, '');
    await utimes(inFolder(STATE, 'lock.next'), 1, 1);
    const lock = await lockOutputFolder(inFolder());
    expect(await readdir(inFolder(STATE))).toEqual(['lock']);
    await lock.release();
  });

  it('releases only its own lock, and ignores one that is gone', async () => {
    const lock = await lockOutputFolder(inFolder());
    await write(`${STATE}/lock`, holder({}));
    await lock.release();
    expect(await readdir(inFolder(STATE))).toEqual(['lock']);
    await rm(inFolder(STATE), { recursive: true });
    const next = await lockOutputFolder(inFolder());
    await rm(inFolder(STATE), { recursive: true });
    await next.release();
  });

  it('explains why it cannot write', async () => {
    await mkdir(inFolder(STATE, 'lock'), { recursive: true });
    await expect(lockOutputFolder(inFolder())).rejects.toThrow(OutputError);
    await writeFile(inFolder('file'), '');
    await expect(lockOutputFolder(inFolder('file'))).rejects.toThrow(/Cannot write to/);
  });
});
