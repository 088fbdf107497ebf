import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveUntrainedModel } from '../labeler/untrained-model.js';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '../..');
const VIDEO = path.join(ROOT, 'fixtures/drawn-people/demo.mp4');

const folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-sharp-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Makes `sharp` fail in a process as it does where its binaries are not installed. */
const hook = path.join(folder, 'hook.mjs');
beforeAll(async () => {
  const failing = 'throw new Error("Could not load the \\"sharp\\" module using the linux-x64 runtime")';
  const resolver = `export function resolve(name, context, next) {
    return name === 'sharp'
      ? { url: ${JSON.stringify(`data:text/javascript,${encodeURIComponent(failing)}`)}, shortCircuit: true }
      : next(name, context);
  }`;
  await writeFile(path.join(folder, 'resolver.mjs'), resolver);
  await writeFile(
    hook,
    "import { register } from 'node:module'; register(new URL('resolver.mjs', import.meta.url));",
  );
  await saveUntrainedModel(path.join(folder, 'model'), 30);
});

async function node(...argv: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const args = ['--import', 'tsx', '--import', pathToFileURL(hook).href, ...argv];
  try {
    return { exitCode: 0, ...(await run(process.execPath, args, { cwd: ROOT })) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exitCode: code, stdout, stderr };
  }
}

const label = (...argv: string[]) =>
  node('src/cli/main.ts', 'label', ...argv, '--model', path.join(folder, 'model'));

describe('without the binaries of sharp', () => {
  it.each(['--version', '--help', 'doctor --no-measure', 'convert --help'])(
    'framewise %s works',
    async (command) => {
      const { exitCode, stderr } = await node('src/cli/main.ts', ...command.split(' '));
      expect(stderr).not.toContain('sharp');
      expect(exitCode).toBe(0);
    },
  );

  it.each(['index', 'stages'])('the entry %s of the library loads', async (entry) => {
    const script = `await import(${JSON.stringify(pathToFileURL(path.join(ROOT, `src/${entry}.ts`)).href)})`;
    expect(await node('--input-type=module', '-e', script)).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('a video is labeled', async () => {
    const { exitCode } = await label(VIDEO, '--output', path.join(folder, 'out'), '--duration', '0.2');
    expect(exitCode).toBe(0);
  });

  it('a folder of pictures is refused with what to install', async () => {
    await writeFile(path.join(folder, 'a.png'), Buffer.from('89504e470d0a1a0a0000000d', 'hex'));
    const { exitCode, stderr } = await label(folder, '--output', path.join(folder, 'pictures'));
    expect(stderr).toMatch(/the package sharp does not load[^]*without --omit=optional/);
    expect(stderr).not.toContain('bug in framewise');
    expect(exitCode).toBe(1);
  });
});
