import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { annotationFormats } from '../../src/annotations/formats/formats.js';
import { BUILTIN_ENCODERS } from '../../src/encoder/encoder-spec.js';
import { BACKEND_NAMES } from '../../src/runtime/backend.js';
import { useTemporaryFolder } from '../temporary-folder.js';
import { framewise } from './command-line.js';

const { inFolder } = useTemporaryFolder();
const run = promisify(execFile);
const COMMANDS = ['label', 'train', 'evaluate', 'convert', 'doctor', 'setup-native', 'completion'];
const FORMATS = annotationFormats.map(({ name }) => name);

let script: string;
beforeAll(async () => {
  script = (await framewise('completion', 'bash')).stdout;
});

/** Lets bash complete the last word in the test's folder, as if a person had pressed Tab. */
async function complete(...words: string[]): Promise<string[]> {
  const source =
    'eval "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _framewise; printf "%s\\n" "${COMPREPLY[@]}"';
  const argv = ['--norc', '-c', source, 'bash', script, 'framewise', ...words];
  const { stdout } = await run('bash', argv, { cwd: inFolder() });
  return stdout.split('\n').filter((line) => line !== '');
}

describe.skipIf(process.platform === 'win32')('the bash script', () => {
  beforeEach(async () => {
    for (const folder of ['day one', 'models']) await mkdir(inFolder(folder));
    await writeFile(inFolder('a.mp4'), '');
  });

  it('registers itself for the program', async () => {
    const { stdout } = await run('bash', ['--norc', '-c', 'eval "$1"; complete -p', 'bash', script]);
    expect(stdout).toBe('complete -F _framewise framewise\n');
  });

  it('completes commands, and the flags of the program', async () => {
    expect(await complete('')).toEqual(expect.arrayContaining(COMMANDS));
    expect(await complete('l')).toEqual(['label']);
    expect(await complete('--')).toEqual(['--version', '--help']);
  });

  it('completes the flags of each command', async () => {
    const help = (await framewise('label', '--help')).stdout;
    const flags = [...help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
    expect(flags.length).toBeGreaterThan(30);
    expect((await complete('label', '--')).sort()).toEqual(flags.sort());
    expect(await complete('label', '--sk')).toEqual(['--skip-unchanged']);
    expect(await complete('setup-native', '--c')).toEqual(['--cuda']);
    expect(await complete('label', 'a.mp4', '--model', 'models', '--qu')).toEqual(['--quiet']);
  });

  it('completes the values of flags: backends, formats and encoders', async () => {
    expect(await complete('label', '--backend', '')).toEqual([...BACKEND_NAMES]);
    expect(await complete('convert', '--to', '')).toEqual(FORMATS);
    expect(await complete('train', '--encoder', '')).toEqual([...BUILTIN_ENCODERS]);
    expect(await complete('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(await complete('label', '--backend', '=')).toEqual([...BACKEND_NAMES]);
    expect(await complete('label', '--backend', '=', 'was')).toEqual(['wasm']);
  });

  it('completes each word of a list with commas', async () => {
    expect(await complete('label', '--format', 'json,cs')).toEqual(
      FORMATS.filter((name) => name.startsWith('cs')).map((name) => `json,${name}`),
    );
  });

  it('completes folders and files where a command expects them, and nothing elsewhere', async () => {
    expect(await complete('label', '--model', '')).toEqual(['day one', 'models']);
    expect((await complete('label', '--list', '')).sort()).toEqual(['a.mp4', 'day one', 'models']);
    expect((await complete('label', '')).sort()).toEqual(['a.mp4', 'day one', 'models']);
    expect(await complete('label', '--start', '')).toEqual([]);
    expect(await complete('doctor', '')).toEqual([]);
  });
});

describe('framewise completion', () => {
  it.each(['bash', 'zsh', 'fish'])(
    'prints a script for %s with every command and its flags',
    async (shell) => {
      const { exitCode, stdout, stderr } = await framewise('completion', shell);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      for (const word of [...COMMANDS, ...BACKEND_NAMES, 'skip-unchanged', 'max-duration', 'dry-run']) {
        expect(stdout).toContain(word);
      }
    },
  );

  it('refuses an unknown shell, and says in its help how to install the script', async () => {
    const { exitCode, stderr } = await framewise('completion', 'tcsh');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Allowed choices are bash, zsh, fish.');
    const { stdout } = await framewise('completion', '--help');
    expect(stdout).toContain("echo 'source <(framewise completion bash)' >> ~/.bashrc");
  });
});
