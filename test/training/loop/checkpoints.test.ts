import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TrainingError } from '../../../src/errors.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/training/loop/checkpoint-file.js';
import { CheckpointFolder } from '../../../src/training/loop/checkpoint-folder.js';

const content = (number: number) => ({
  facts: { number, name: 'Übung' },
  arrays: new Map([
    ['weights/a', Float32Array.of(number, NaN, -0, Infinity, 1e-45)],
    ['weights/b', new Float32Array(0)],
  ]),
});

describe('a checkpoint file', () => {
  it('brings facts and numbers back to the last bit', () => {
    expect(decodeCheckpoint(encodeCheckpoint(content(1 / 3)))).toEqual(content(1 / 3));
  });

  it('is known as damaged wherever a byte differs or is missing', () => {
    const whole = encodeCheckpoint(content(1));
    for (const position of [0, 9, 20, whole.length - 40, whole.length - 1]) {
      const changed = Uint8Array.from(whole);
      changed[position]! ^= 1;
      expect(decodeCheckpoint(changed)).toBeUndefined();
    }
    for (const length of [0, 5, 40, whole.length - 1]) {
      expect(decodeCheckpoint(whole.subarray(0, length))).toBeUndefined();
    }
  });
});

describe('CheckpointFolder', () => {
  let place: string;
  beforeEach(async () => {
    place = await mkdtemp(path.join(os.tmpdir(), 'framewise-checkpoints-'));
  });
  afterEach(async () => {
    await rm(place, { recursive: true });
  });
  const open = () => new CheckpointFolder(path.join(place, 'checkpoint'));
  const never = (file: string) => expect.fail(`${file} is not damaged`);

  it('keeps the two newest', async () => {
    const folder = open();
    expect(await folder.readNewest(never)).toBeUndefined();
    for (const step of [8, 9, 10]) await folder.write(step, content(step));
    expect(await readdir(folder.folder)).toEqual(['step-000000009.checkpoint', 'step-000000010.checkpoint']);
    expect(await open().readNewest(never)).toEqual(content(10));
    await folder.clear();
    expect(await folder.isEmpty()).toBe(true);
  });

  it('falls back to the one before where the newest is damaged, and says so', async () => {
    const folder = open();
    for (const step of [1, 2]) await folder.write(step, content(step));
    const newest = path.join(folder.folder, 'step-000000002.checkpoint');
    await truncate(newest, (await readFile(newest)).length - 3);
    const damaged: string[] = [];
    expect(await folder.readNewest((file) => damaged.push(file))).toEqual(content(1));
    expect(damaged).toEqual([newest]);
  });

  it('refuses to start over silently where all are damaged', async () => {
    const folder = open();
    await folder.write(1, content(1));
    await writeFile(path.join(folder.folder, 'step-000000001.checkpoint'), 'nonsense');
    await expect(folder.readNewest(() => undefined)).rejects.toThrow(TrainingError);
  });

  it('clears away what a process left that ended while it wrote', async () => {
    const folder = open();
    await folder.write(1, content(1));
    await writeFile(path.join(folder.folder, '.step-000000002.checkpoint.0.part'), 'half');
    await folder.clearLeftovers();
    expect(await readdir(folder.folder)).toEqual(['step-000000001.checkpoint']);
  });
});
