import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.js';
import { ActivityRecognizer } from '../../src/recognizer.js';
import { saveUntrainedModel } from '../labeler/untrained-model.js';
import { framewise } from './command-line.js';

const ROOT = path.join(import.meta.dirname, '../..');
const CLIP = path.join(ROOT, 'fixtures/drawn-people/clips/wave/1.mp4');

let folder: string;
let model: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-live-'));
  model = path.join(folder, 'model');
  await saveUntrainedModel(model);
});
afterAll(() => rm(folder, { recursive: true }));

const live = (...argv: string[]) => framewise('label', '--live', '--model', model, '--workers', '1', ...argv);

type Line = { type: string; index: number; timeSec: number; label: string; [more: string]: unknown };
const parse = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

/** Labels the clip as a whole, for comparison. */
async function labelClip() {
  const recognizer = await ActivityRecognizer.load(model, { workers: 1 });
  const { frames } = await recognizer.label(CLIP);
  recognizer.dispose();
  return frames;
}

describe('framewise label --live', () => {
  it('prints one line per frame with its delay, then a summary, and nothing else', async () => {
    const { exitCode, stdout, stderr } = await live(CLIP, '--every-frame', '--probabilities');
    const lines = parse(stdout);
    const summary = lines.pop();
    const frames = await labelClip();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(lines.map(({ type, index, label }) => ({ type, index, label }))).toEqual(
      frames.map(({ index, label }) => ({ type: 'frame', index, label })),
    );
    for (const { delayMs, numDropped, probabilities } of lines) {
      expect(delayMs).toBeGreaterThan(0);
      expect(numDropped).toBe(0);
      expect(Object.keys(probabilities as object)).toEqual(['left', 'right', 'up']);
    }
    const counts = { numFrames: frames.length, numDropped: 0, numReconnects: 0 };
    expect(summary).toMatchObject({ type: 'summary', source: CLIP, ...counts });
    expect(summary?.['p95DelayMs']).toBeGreaterThanOrEqual(summary?.['medianDelayMs'] as number);
  });

  it('prints one line per change of label by default, and reads piped input', async () => {
    let stdout = '';
    const output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        stdout += chunk.toString();
        done();
      },
    });
    const argv = ['label', '--live', '-', '--model', model, '--workers', '1', '--no-drop'];
    const stdin = createReadStream(CLIP);
    const signal = new AbortController().signal;
    const exitCode = await runCli(argv, { stdout: output, stderr: output, stdin, signal });
    const lines = parse(stdout);
    const frames = await labelClip();
    const changes = frames.filter(({ label }, i) => label !== frames[i - 1]?.label);
    expect(exitCode).toBe(0);
    expect(lines.pop()).toMatchObject({ type: 'summary', source: '-', numFrames: frames.length });
    expect(lines.map(({ type, index, label }) => ({ type, index, label }))).toEqual(
      changes.map(({ index, label }) => ({ type: 'change', index, label })),
    );
  });

  it('ends with an error and a summary if the source refuses, and hides the password', async () => {
    const { exitCode, stdout, stderr } = await live('http://me:secret@127.0.0.1:1/', '--reconnect', '1');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^lost http:\/\/127\.0\.0\.1:1\/: Cannot open .* Connecting again in .*attempt 1\.\n/,
    );
    expect(stderr).toMatch(/error: Cannot open "http:\/\/127\.0\.0\.1:1\/": .*Connection refused/);
    expect(stdout + stderr).not.toContain('secret');
    expect(parse(stdout)).toMatchObject([{ type: 'summary', numFrames: 0, medianDelayMs: null }]);
  });

  it.each([
    [['a.mp4', 'b.mp4'], /labels one source, received 2/],
    [[], /labels one source, received 0/],
    [['-', '--output', 'labels'], /'--live' cannot be used with option '--output/],
    [['-', '--smoothing', 'median'], /'--live' cannot be used with option '--smoothing/],
    [['-', '--reconnect', 'often'], /Expected a whole number/],
  ])('refuses %j as wrong usage', async (argv, message) => {
    const { exitCode, stdout, stderr } = await live(...argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

/** The running child processes of a process. */
async function childrenOf(pid: number): Promise<number[]> {
  const lists = await Promise.all(
    (await readdir(`/proc/${pid}/task`)).map((task) =>
      readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => ''),
    ),
  );
  return lists.join(' ').trim().split(/\s+/).filter(Boolean).map(Number);
}

const isRunning = (pid: number) =>
  readFile(`/proc/${pid}/stat`, 'utf8').then(
    (stat) => !/\) [ZX] /.test(stat),
    () => false,
  );

it.skipIf(process.platform !== 'linux')(
  'Ctrl+C ends a stream with a summary and exit code 130, and leaves no ffmpeg process (only on Linux, which has /proc)',
  async () => {
    const argv = ['label', '--live', '-', '--model', model, '--workers', '1', '--every-frame'];
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...argv], { cwd: ROOT });
    let stdout = '';
    let stderr = '';
    let ffmpegs: Promise<number[]> = Promise.resolve([]);
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      if (stdout === '') {
        ffmpegs = childrenOf(child.pid!);
        void ffmpegs.then(() => child.kill('SIGINT'));
      }
      stdout += chunk.toString();
    });
    child.stdin.on('error', () => undefined);
    child.stdin.write(await readFile(CLIP)); // the pipe stays open, so more could follow
    const exitCode = await new Promise((resolve) => child.on('close', resolve));
    expect(stderr).toContain('Interrupted.');
    expect(exitCode).toBe(130);
    const lines = parse(stdout);
    expect(lines[0]).toMatchObject({ type: 'frame', index: 0 });
    expect(lines.at(-1)).toMatchObject({ type: 'summary', source: '-', numReconnects: 0 });
    expect(await ffmpegs).not.toEqual([]);
    for (const pid of await ffmpegs) expect(await isRunning(pid)).toBe(false);
  },
);
