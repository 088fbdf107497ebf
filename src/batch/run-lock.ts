import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { OutputError, OutputLockedError } from '../errors.js';
import { prepareOutputFolder } from '../runtime/output-file.js';
import { STATE_FOLDER } from './journal.js';

const LOCK_FILE = 'lock';

/** How often, 50 ms apart, a lock is looked at that says nothing before its writer counts as dead. */
const MAX_LOOKS = 20;

/** Milliseconds after which one that replaces a dead lock counts as dead itself. */
const MAX_REPLACING_MS = 5000;

const holderSchema = z.object({
  pid: z.number(),
  host: z.string(),
  startedAt: z.string(),
  /** Tells this run from another of the same process. */
  run: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

/** Runs of this process that hold a lock. */
const ownRuns = new Set<string>();

/** An output folder that is this run's alone until it is released. */
export interface RunLock {
  release(): Promise<void>;
}

/**
 * Takes an output folder for one run, by a file that names process and host. The lock of a process that is gone is
 * taken over; across hosts nobody can tell, and the message says what to do.
 *
 * @throws {OutputLockedError} If another run has it.
 * @throws {OutputError} If the file cannot be written.
 */
export async function lockOutputFolder(outputDir: string): Promise<RunLock> {
  const file = path.join(outputDir, STATE_FOLDER, LOCK_FILE);
  await prepareOutputFolder(path.dirname(file));
  const run = randomUUID();
  const content = JSON.stringify({
    ...{ pid: process.pid, host: os.hostname() },
    ...{ startedAt: new Date().toISOString(), run },
  } satisfies Holder);
  ownRuns.add(run);
  try {
    while (!(await tryCreate(file, content)) && !(await tryTakeOver(file, content, outputDir)));
  } catch (cause) {
    ownRuns.delete(run);
    if (cause instanceof OutputLockedError) throw cause;
    const message = `Cannot lock the output folder with "${file}": ${(cause as Error).message}.`;
    throw new OutputError(`${message} Choose a folder that you may write to and that has room.`, file, {
      cause,
    });
  }
  return {
    async release() {
      ownRuns.delete(run);
      const text = await readFile(file, 'utf8').catch(() => ''); // the folder may be gone
      if (text === content) await rm(file, { force: true });
    },
  };
}

async function tryCreate(file: string, content: string): Promise<boolean> {
  return unless('EEXIST', async () => {
    await writeFile(file, content, { flag: 'wx' });
    return true;
  });
}

/** @throws {OutputLockedError} Unless the lock's process is dead. */
async function tryTakeOver(file: string, content: string, outputDir: string): Promise<boolean> {
  const text = await readSettled(file);
  if (text === false) return false; // released meanwhile
  const holder = readHolder(text);
  if (!holder || isDead(holder)) return tryReplace(file, text, content);
  const { pid, host, startedAt } = holder;
  const isHere = host === os.hostname();
  throw new OutputLockedError(
    `Another run labels into "${outputDir}": process ${pid} on ${isHere ? 'this machine' : host}, since ${startedAt}. ` +
      `Wait for it or choose another output folder${isHere ? '' : `; if it is gone, remove "${file}"`}.`,
    file,
  );
}

/**
 * Replaces a dead lock in one step, so that it is never missing. Of several that saw it dead one makes the successor,
 * and nobody else replaces anything until it has taken the lock's name.
 */
async function tryReplace(file: string, dead: string, content: string): Promise<boolean> {
  const successor = `${file}.next`;
  if (!(await tryCreate(successor, content))) {
    const made = await unless('ENOENT', () => stat(successor));
    if (made && made.mtimeMs < Date.now() - MAX_REPLACING_MS) await rm(successor, { force: true });
    await sleep(50);
    return false;
  }
  if ((await unless('ENOENT', () => readFile(file, 'utf8'))) !== dead) {
    await rm(successor, { force: true }); // somebody else was faster
    return false;
  }
  await unless('ENOENT', () => rename(successor, file));
  return (await unless('ENOENT', () => readFile(file, 'utf8'))) === content;
}

/** A lock is empty for the moment between its making and its writing. */
async function readSettled(file: string): Promise<string | false> {
  for (let look = 1; ; look++) {
    const text = await unless('ENOENT', () => readFile(file, 'utf8'));
    if (text === false || readHolder(text) || look === MAX_LOOKS) return text;
    await sleep(50);
  }
}

function readHolder(text: string): Holder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function isDead({ pid, host, startedAt, run }: Holder): boolean {
  if (host !== os.hostname()) return false;
  if (pid === process.pid) return !ownRuns.has(run); // the number of a dead process that this one got
  if (Date.parse(startedAt) < Date.now() - 1000 * (os.uptime() + 2)) return true; // the machine was restarted since
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** @returns False where the work fails with this system error. */
async function unless<T>(code: string, work: () => Promise<T>): Promise<T | false> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false;
    throw error;
  }
}
