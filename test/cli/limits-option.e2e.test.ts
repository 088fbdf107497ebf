import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { saveUntrainedModel, UNTRAINED_LABELS } from '../labeler/untrained-model.js';
import { framewise } from './command-line.js';

const CLIP = path.join(import.meta.dirname, '../../fixtures/drawn-people/clips/wave/1.mp4');

let folder: string;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-limits-'));
  model = path.join(folder, 'model');
  await saveUntrainedModel(model);
});
afterAll(() => rm(folder, { recursive: true }));

const MESSAGES: [flag: string, value: string, message: string][] = [
  ['--max-pixels', '100', '19,200 pixels per frame; at most 100 are decoded'],
  ['--max-frames', '3', 'has more than 3 frames'],
  ['--max-duration', '0.5', 'seconds; at most 0.5 are decoded'],
];

it.each(MESSAGES)(
  'framewise label refuses a video beyond %s, and names the flag',
  async (flag, value, message) => {
    const argv = ['--model', model, '--output', path.join(folder, flag), '--workers', '1', flag, value];
    const { exitCode, stdout, stderr } = await framewise('label', CLIP, ...argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain(`(${flag} on the command line)`);
  },
);

it('framewise evaluate and train refuse a video beyond --max-frames, too', async () => {
  const dataset = path.join(folder, 'dataset');
  for (const label of UNTRAINED_LABELS) {
    await mkdir(path.join(dataset, label), { recursive: true });
    await cp(CLIP, path.join(dataset, label, '1.mp4'));
  }
  const training = ['train', dataset, '--output', path.join(folder, 'trained'), '--folds', '0'];
  const evaluation = ['evaluate', dataset, '--model', model];
  for (const argv of [training, evaluation]) {
    const command = [...argv, '--no-cache', '--workers', '1', '--max-frames', '3'];
    const { exitCode, stderr } = await framewise(...command);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/has more than 3 frames\. .*\(--max-frames on the command line\)/);
  }
});

it.each(['0', '-1', 'many', ''])('%j is refused as a limit', async (value) => {
  const argv = ['label', CLIP, '--model', model, '--output', folder, '--max-frames', value];
  const { exitCode, stderr } = await framewise(...argv);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('Expected a whole number, 1 or more.');
});
