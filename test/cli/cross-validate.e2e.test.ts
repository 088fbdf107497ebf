import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { useTemporaryFolder } from '../temporary-folder.js';
import { framewise } from './command-line.js';

const CLIPS = path.join(import.meta.dirname, '../../fixtures/drawn-people/clips');
const { inFolder } = useTemporaryFolder();

const crossValidate = (...flags: string[]) =>
  framewise(
    ...['cross-validate', CLIPS, '--output', inFolder('out'), '--cache', inFolder('cache')],
    ...['--folds', '2', '--units', '4', '--projection', '4', '--epochs', '1', ...flags],
  );

describe('framewise cross-validate', () => {
  it('trains every fold with every seed, prints a table and writes it to the output folder', async () => {
    const { exitCode, stdout, stderr } = await crossValidate('--seeds', '1,2');
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^\| network \| clip accuracy \|.*\n\| --- .*\n\| GRU \| \d+\.\d ± \d/);
    expect(stderr.match(/^GRU, seed [12], fold [01]: clips .* %, frames .* %$/gm)).toHaveLength(4);
    expect(await readFile(inFolder('out/cross-validation.md'), 'utf8')).toBe(stdout);
    const runs = JSON.parse(await readFile(inFolder('out/cross-validation.json'), 'utf8')) as object[];
    expect(runs).toMatchObject([
      { variant: 'GRU', seed: 1, folds: [{ name: 'fold 0' }, { name: 'fold 1' }] },
      { variant: 'GRU', seed: 2 },
    ]);

    const json = await crossValidate('--seeds', '1,2', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject([
      { variant: 'GRU', scores: { edit: expect.anything() as object } },
    ]);
  });

  it.each([
    [['--seeds', '0'], /Expected whole numbers, 1 or more/],
    [['--folds', '1'], /Fold 0 of 1 does not exist/],
    [['--cell', 'none', '--bidirectional'], /cannot be built: bidirectional/],
  ])('refuses %j as wrong usage before it encodes', async (flags, message) => {
    const { exitCode, stderr, stdout } = await crossValidate(...flags);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('framewise train --config', () => {
  const config = () => inFolder('config.json');
  const print = (...flags: string[]) =>
    framewise('train', CLIPS, '--config', config(), '--print-config', ...flags);

  it('takes options from the file, and lets flags override them', async () => {
    const options = { network: { units: 7, layers: 2 }, optimizer: { gradientLength: 48 } };
    await writeFile(config(), JSON.stringify(options));
    const { exitCode, stdout, stderr } = await print('--units', '5', '--chunk', '16', '--max-frames', '9');
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      data: { limits: { maxFrames: 9 } },
      network: { units: 5, layers: 2, cell: 'gru' },
      optimizer: { chunkLength: 16, gradientLength: 48, epochs: 30 },
    });
  });

  it('refuses a wrong field as wrong usage and names its path', async () => {
    await writeFile(config(), JSON.stringify({ optimizer: { warmup: 1 } }));
    const { exitCode, stdout, stderr } = await print();
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(
      /config\.json" is wrong: optimizer\.warmup is 1; expected a share from 0 to below 1\./,
    );
  });

  it('needs an output folder from a flag or the file', async () => {
    const { exitCode, stderr } = await framewise('train', CLIPS);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/Pass --output, or set run\.outputDir in the configuration file/);
  });
});
