import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTrainingLog, TrainingLog } from '../../../src/training/loop/training-log.js';

let file: string;
beforeAll(async () => {
  file = path.join(await mkdtemp(path.join(os.tmpdir(), 'framewise-log-')), 'metrics.jsonl');
});
afterAll(async () => {
  await rm(path.dirname(file), { recursive: true });
});

const step = (number: number) => ({
  epoch: 1,
  step: number,
  share: 0.5,
  loss: 1 / number,
  numLabelled: 8,
  learningRate: 0.01,
  gradientNorm: 3,
  clippedGradientNorm: 1,
});
const steps = async () => (await readTrainingLog(file)).map((record) => [record.kind, record.step]);

describe('TrainingLog', () => {
  it('writes one line per step and per epoch', async () => {
    const log = await TrainingLog.open(file, 0);
    await log.addStep(step(1));
    await log.addStep(step(2));
    const epoch = {
      epoch: 1,
      epochs: 2,
      trainingLoss: 0.7,
      learningRate: 0.01,
      gradientNorm: 3,
      clippedGradientNorm: 1,
      validation: null,
      isBest: true,
    };
    await log.addEpoch(2, epoch);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        kind: 'step',
        step: 1,
        epoch: 1,
        loss: 1,
        learningRate: 0.01,
        gradientNorm: 3,
        clippedGradientNorm: 1,
      },
      {
        kind: 'step',
        step: 2,
        epoch: 1,
        loss: 0.5,
        learningRate: 0.01,
        gradientNorm: 3,
        clippedGradientNorm: 1,
      },
      { kind: 'epoch', step: 2, ...epoch },
    ]);
  });

  it('drops steps that are taken again after a checkpoint, and an incomplete line', async () => {
    await writeFile(file, `${await readFile(file, 'utf8')}{"kind":"step","st`);
    const log = await TrainingLog.open(file, 1);
    expect(await steps()).toEqual([['step', 1]]);
    await log.addStep(step(2));
    expect(await steps()).toEqual([
      ['step', 1],
      ['step', 2],
    ]);
    await TrainingLog.open(file, 0);
    expect(await steps()).toEqual([]);
  });

  it('logs the first thousand steps, then every tenth, then every hundredth', async () => {
    const log = await TrainingLog.open(file, 0);
    for (const number of [999, 1000, 1001, 1010, 9990, 10_000, 10_010, 10_100]) {
      await log.addStep(step(number));
    }
    expect((await steps()).map(([, number]) => number)).toEqual([999, 1000, 1010, 9990, 10_000, 10_100]);
  });
});
