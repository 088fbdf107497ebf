import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { OutputError, OutputLockedError } from '../errors.js';
import { readRegularFile } from '../runtime/input-file.js';
import { prepareStateFolder } from './state-folder.js';

const LOCK_FILE = 'lock';

/** Reads of an empty lock, 50 ms apart, before its writer counts as dead. */
const MAX_LOOKS = 20;

/** Milliseconds after which a process that replaces a dead lock counts as dead itself. */
const MAX_REPLACING_MS = 5000;

/** Most bytes of a lock file. framewise writes about 200. */
const MAX_LOCK_BYTES = 4096;

const holderSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  startedAt: z.string(),
  /** Distinguishes runs of the same process. */
  run: z.string(),
  /** Distinguishes processes that have the same number one after the other, see {@link birthOf}. */
  birth: z.string().optional(),
});
type Holder = z.infer<typeof holderSchema>;

/** Runs of this process that hold a lock. */
const ownRuns = new Set<string>();

/** Exclusive use of an output folder, until it is released. */
export interface RunLock {
  release(): Promise<void>;
}

/**
 * Locks an output folder for one run, with a file that names the process and the host. The lock of a dead process is
 * taken over. A process on another host cannot be checked, so the error message says how to remove its lock.
 *
 * @throws {OutputLockedError} If another run holds the lock.
 * @throws {OutputError} If the lock file cannot be read or written, or is a link.
 * @throws The signal's reason, if it is aborted while waiting.
 */
export async function lockOutputFolder(outputDir: string, signal?: AbortSignal): Promise<RunLock> {
  const file = path.join(await prepareStateFolder(outputDir), LOCK_FILE);
  const run = randomUUID();
  const content = JSON.stringify({
    ...{ pid: process.pid, host: os.hostname() },
    ...{ startedAt: new Date().toISOString(), run, birth: await birthOf(process.pid) },
  } satisfies Holder);
  ownRuns.add(run);
  try {
    while (!(await tryCreate(file, content)) && !(await tryTakeOver(file, content, outputDir))) {
      signal?.throwIfAborted();
    }
  } catch (cause) {
    ownRuns.delete(run);
    if (cause instanceof OutputLockedError || signal?.aborted) throw cause;
    const message = `Cannot lock the output folder with "${file}": ${(cause as Error).message}.`;
    throw new OutputError(
      `${message} Remove it, or choose a folder that you may write to and that has room.`,
      file,
      {
        cause,
      },
    );
  }
  return {
    async release() {
      ownRuns.delete(run);
      const text = await readLock(file).catch(() => ''); // The folder may be gone.
      // A lock that stays belongs to a dead run, which the next one notices.
      if (text === content) await rm(file, { force: true }).catch(() => undefined);
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
  if (text === false) return false; // It was released meanwhile.
  const holder = readHolder(text);
  if (!holder || (await isDead(holder))) return tryReplace(file, text, content);
  const { pid, host, startedAt } = holder;
  const isHere = host === os.hostname();
  throw new OutputLockedError(
    `Another run uses "${outputDir}": process ${pid} on ${isHere ? 'this machine' : host}, since ${startedAt}. ` +
      `Wait for it or choose another output folder; if it is gone, remove "${file}".`,
    file,
  );
}

/**
 * Replaces a dead lock in one step, so that the lock file is never missing. Of several processes that find it dead, one
 * creates the successor file. The others wait until it has been renamed to the lock file.
 */
async function tryReplace(file: string, dead: string, content: string): Promise<boolean> {
  const successor = `${file}.next`;
  if (!(await tryCreate(successor, content))) {
    const made = await unless('ENOENT', () => stat(successor));
    if (made && made.mtimeMs < Date.now() - MAX_REPLACING_MS) await rm(successor, { force: true });
    await sleep(50);
    return false;
  }
  if ((await unless('ENOENT', () => readLock(file))) !== dead) {
    await rm(successor, { force: true }); // Another process was faster.
    return false;
  }
  await unless('ENOENT', () => rename(successor, file));
  return (await unless('ENOENT', () => readLock(file))) === content;
}

/** Reads the lock once it has content: it is empty for the moment between its creation and the first write. */
async function readSettled(file: string): Promise<string | false> {
  for (let look = 1; ; look++) {
    const text = await unless('ENOENT', () => readLock(file));
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

async function isDead({ pid, host, run, birth }: Holder): Promise<boolean> {
  if (host !== os.hostname()) return false;
  if (pid === process.pid) return !ownRuns.has(run); // A dead process had the same number.
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
  }
  const current = await birthOf(pid);
  return birth !== undefined && current !== undefined && birth !== current;
}

/**
 * Identifies a process by the start of the machine and its own start, both of which a changed clock leaves unchanged.
 *
 * @returns Undefined where the system does not tell: elsewhere than on Linux.
 */
async function birthOf(pid: number): Promise<string | undefined> {
  try {
    const machine = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const facts = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses; the start time is field 22.
    return `${machine.trim()}/${facts.slice(facts.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return undefined;
  }
}

/** A lock that is a link is refused: following a dangling one looks like a lock that was just released. */
async function readLock(file: string): Promise<string> {
  return (await readRegularFile(file, { maxBytes: MAX_LOCK_BYTES, noFollow: true })).toString('utf8');
}

/** @returns The result of the work, or false if it fails with this system error. */
async function unless<T>(code: string, work: () => Promise<T>): Promise<T | false> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false;
    throw error;
  }
}
