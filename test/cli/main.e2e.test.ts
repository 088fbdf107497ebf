import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveUntrainedModel } from '../labeler/untrained-model.js';

const ROOT = path.join(import.meta.dirname, '../..');
const VIDEO = path.join(ROOT, 'fixtures/drawn-people/demo.mp4');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-main-'));
  await saveUntrainedModel(path.join(folder, 'model'), 30);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Runs a program of this project in a separate process until it ends. */
function run(
  script: string,
  argv: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(ROOT, script), ...argv], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (written.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (written.stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, ...written })));
}

describe('the program', () => {
  it('notes once, in one line, that the ffmpeg from npm is old and how to install a current one', async () => {
    const argv = [
      'label',
      VIDEO,
      VIDEO,
      '--model',
      path.join(folder, 'model'),
      '--output',
      path.join(folder, 'old'),
    ];
    const bare = { PATH: '', FFMPEG_PATH: '', FFPROBE_PATH: '' };
    const { exitCode, stderr } = await run('src/cli/main.ts', [...argv, '--duration', '0.2'], bare);
    expect(exitCode).toBe(0);
    expect(stderr.split('\n').filter((line) => line.startsWith('note:'))).toEqual([
      expect.stringMatching(/old ffmpeg that npm brings.*apt install ffmpeg/) as string,
    ]);
  });

  it('reports ffmpeg and the backends of the machine with doctor', async () => {
    const plain = await run('src/cli/main.ts', ['doctor']);
    expect(plain.exitCode).toBe(0);
    expect(plain.stdout).toMatch(
      /wasm +yes.*\n.*\n +Encodes [\d.]+ frames per second[^]*Ready to label videos\./,
    );
    const { stdout } = await run('src/cli/main.ts', ['doctor', '--json', '--no-measure']);
    expect(stdout).not.toContain('encoderPace');
    const report = JSON.parse(stdout) as {
      backends: { name: string; isAvailable: boolean }[];
      ffmpeg: object;
    };
    expect(report).toMatchObject({ isReady: true, node: process.version });
    expect(report.backends.filter(({ isAvailable }) => isAvailable).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['wasm', 'cpu']) as string[],
    );
  });

  it('continues when nobody reads its output', async () => {
    const output = path.join(folder, 'unread');
    const argv = ['label', VIDEO, '--model', path.join(folder, 'model'), '--output', output];
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'src/cli/main.ts', ...argv, '--duration', '0.2'],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    child.stdout.destroy();
    child.stderr.destroy();
    const [exitCode] = (await once(child, 'close')) as [number | null];
    expect(exitCode).toBe(0);
    expect(await readdir(output)).toContain('demo.json');
  });

  it.skipIf(process.platform !== 'linux')(
    'ends with a clear error and code 1 if its output cannot be written (only Linux has /dev/full)',
    async () => {
      for (const argv of [['doctor', '--no-measure', '--json'], ['--version'], ['completion', 'bash']]) {
        const full = await open('/dev/full', 'w');
        const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...argv], {
          ...{ cwd: ROOT, stdio: ['ignore', full.fd, 'pipe'] },
        });
        let stderr = '';
        child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
        const [exitCode] = (await once(child, 'close')) as [number | null];
        await full.close();
        expect(stderr).toMatch(/^error: Cannot write to standard output: ENOSPC.*\n$/);
        expect(exitCode).toBe(1);
      }
    },
  );

  it('runs the example of the library', async () => {
    const { exitCode, stdout } = await run('examples/label-video.ts', []);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^fall 0 [\d.]+ [\d.]+\n[^]*\d s: now "/);
  });
});
