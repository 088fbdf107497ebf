import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRandom } from '../../src/training/data/random.js';
import { bundledTools } from '../video/video-fixtures.js';
import { compileProgram } from './compiled-program.js';
import { saveTinyModel } from './tiny-model.js';

const CLIPS = path.join(import.meta.dirname, '../../fixtures/drawn-people/clips');
const NUM_VIDEOS = 12;
const NUM_KILLS = 50;
const STATE = '.framewise';

let folder: string;
let program: string;
/** How long an undisturbed run takes, and the files that it writes. */
let workMs: number;
let whole: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-killed-'));
  program = await compileProgram(folder);
  await saveTinyModel(path.join(folder, 'model'));
  const output = path.join(folder, 'whole');
  workMs = (await label(output)).workMs;
  whole = await filesOf(output);
});
afterAll(() => rm(folder, { recursive: true }));

/**
 * Labels the clips in a separate process.
 *
 * @param end - The signal to send to the process, and what to wait for before. Waiting starts when the process has locked
 *   the output folder.
 * @returns The exit code, or the signal that ended the process, and the time since it locked the output folder.
 */
async function label(
  output: string,
  end?: { after: () => Promise<unknown>; by: NodeJS.Signals },
): Promise<{ exit: number | string | null; workMs: number }> {
  const places = ['--model', path.join(folder, 'model'), '--output', output];
  const machine = ['--backend', 'cpu', '--workers', '0'];
  // The ffmpeg from npm is a single file. Others load many libraries, which takes longer than decoding a clip.
  const { ffmpegPath, ffprobePath } = bundledTools;
  const child = spawn(process.execPath, [program, 'label', CLIPS, ...places, ...machine], {
    stdio: 'ignore',
    env: { ...process.env, FFMPEG_PATH: ffmpegPath, FFPROBE_PATH: ffprobePath },
  });
  const ended = new Promise<number | string | null>((resolve, reject) => {
    child.on('error', reject).on('close', (code, diedOf) => resolve(code ?? diedOf));
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const isItsOwn = async () =>
    (await readFile(path.join(output, STATE, 'lock'), 'utf8').catch(() => '')).includes(
      `"pid":${child.pid},`,
    );
  while (isRunning() && !(await isItsOwn())) await sleep(5);
  const startMs = performance.now();
  if (end) {
    await Promise.race([ended, end.after()]);
    child.kill(end.by);
  }
  return { exit: await ended, workMs: performance.now() - startMs };
}

/** The content of every file in an output folder, except the files that describe the runs. */
async function filesOf(output: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of (await readdir(output, { recursive: true })).sort()) {
    const file = path.join(output, name);
    const isOfRun = name === 'summary.json' || name.startsWith(STATE);
    if (!isOfRun && (await stat(file)).isFile()) files[name] = await readFile(file, 'base64');
  }
  return files;
}

async function journalOf(output: string): Promise<string> {
  return readFile(path.join(output, STATE, 'journal.jsonl'), 'utf8').catch(() => '');
}

/** The video of each complete line of a journal. */
function labeledIn(journal: string): string[] {
  const lines = journal.split('\n').slice(0, -1); // text after the last line break is an incomplete line
  return lines.map((line) => (JSON.parse(line) as { video: string }).video);
}

/**
 * Kills runs on one output folder at random moments until a run ends by itself, then continues with a new folder, until
 * there were `numKills` kills. Kills after the last video was labeled do not count.
 *
 * @returns Number of output folders that were completed.
 */
async function killMany(numKills: number, seed: number): Promise<number> {
  const random = createRandom(seed);
  let numComplete = 0;
  for (let kills = 0; kills < numKills; numComplete++) {
    const output = path.join(folder, `killed-${seed}-${numComplete}`);
    for (;;) {
      const isLast = kills === numKills;
      const before = await journalOf(output);
      // Less than the time of a whole run, because most runs would otherwise end before they are killed.
      const killMs = random() * 0.4 * workMs;
      const kill = { after: () => sleep(killMs), by: 'SIGKILL' } as const;
      const { exit } = await label(output, isLast ? undefined : kill);
      const after = await journalOf(output);
      // Finished work is kept and not repeated.
      expect(after.startsWith(before.slice(0, before.lastIndexOf('\n') + 1))).toBe(true);
      expect(exit).toBeOneOf([0, 'SIGKILL']);
      if (exit === 0) break;
      if (labeledIn(after).length < NUM_VIDEOS) kills++;
    }
    expect(await filesOf(output)).toEqual(whole);
    const labeled = labeledIn(await journalOf(output));
    expect([labeled.length, new Set(labeled).size]).toEqual([NUM_VIDEOS, NUM_VIDEOS]);
    expect(await readdir(path.join(output, STATE))).toEqual(['journal.jsonl']);
  }
  return numComplete;
}

it(
  'runs that are killed at random moments and started again write the files of an undisturbed run, and label each video once',
  { timeout: 600_000 },
  async () => {
    expect(Object.keys(whole)).toHaveLength(3 * NUM_VIDEOS);
    const numComplete = await Promise.all([1, 2].map((seed) => killMany(NUM_KILLS / 2, seed)));
    expect(Math.min(...numComplete)).toBeGreaterThan(0);
  },
);

it.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'a run interrupted by %s ends with exit code 130, and the next run completes it',
  async (signal) => {
    const output = path.join(folder, `interrupted-${signal}`);
    const firstIsDone = async (): Promise<void> => {
      while ((await journalOf(output)) === '') await sleep(5);
    };
    expect((await label(output, { after: firstIsDone, by: signal })).exit).toBe(130);
    expect(await readdir(path.join(output, STATE))).toEqual(['journal.jsonl']);
    const before = await filesOf(output);
    expect(whole).toMatchObject(before); // no incomplete file
    expect(labeledIn(await journalOf(output)).length).toBeLessThan(NUM_VIDEOS);
    expect((await label(output)).exit).toBe(0);
    expect(await filesOf(output)).toEqual(whole);
  },
);
