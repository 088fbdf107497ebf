import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTimelineJson } from '../../src/annotations/formats/json.js';
import type { DatasetScores } from '../../src/training/evaluation/score-sequences.js';
import { saveUntrainedModel, UNTRAINED_LABELS } from '../labeler/untrained-model.js';
import { framewise } from './command-line.js';

const VIDEO = path.join(import.meta.dirname, '../../fixtures/drawn-people/stitched/stitched-3.mp4');

/** The label with which every video begins according to the prior. The untrained model would choose another. */
const FIRST_LABEL = 'left';

let folder: string;
/** An untrained model, and the same model with a prior for the first label of a video. */
let models: { plain: string; learned: string };

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-evaluate-'));
  models = { plain: path.join(folder, 'plain'), learned: path.join(folder, 'learned') };
  await saveUntrainedModel(models.plain);
  await cp(models.plain, models.learned, { recursive: true });
  const file = path.join(models.learned, 'model.json');
  const segmentPrior = {
    weight: 1,
    initial: UNTRAINED_LABELS.map((label) => (label === FIRST_LABEL ? 1 : 0)),
    transitions: [
      [0, 0.5, 0.5],
      [0.5, 0, 0.5],
      [0.5, 0.5, 0],
    ],
    durations: UNTRAINED_LABELS.map(() => ({ logMean: 3, logDeviation: 0.1 })),
  };
  const description = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...description, segmentPrior }));
  await mkdir(path.join(folder, 'data'));
  await cp(VIDEO, path.join(folder, 'data/street.mp4'));
  const rows = ['street.mp4,left,0,4', 'street.mp4,right,5,9'];
  await writeFile(path.join(folder, 'data/labels.csv'), ['video,label,start,end', ...rows, ''].join('\n'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const evaluate = (model: string, ...flags: string[]) =>
  framewise(
    ...['evaluate', path.join(folder, 'data'), '--model', model],
    ...['--cache', path.join(folder, 'cache'), '--workers', '1', ...flags],
  );
async function scores(model: string, ...flags: string[]): Promise<DatasetScores> {
  const { exitCode, stdout, stderr } = await evaluate(model, '--json', ...flags);
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout) as DatasetScores;
}

describe('framewise evaluate', () => {
  it('prints one JSON object of percentages, counts and nulls', async () => {
    const result = await scores(models.plain);
    expect(Object.keys(result)).toEqual(
      expect.arrayContaining([
        ...['frameAccuracy', 'clipAccuracy', 'edit', 'f1', 'meanAveragePrecision', 'perLabel', 'confusion'],
        ...['calibrationError', 'loss', 'labels', 'numVideos', 'numFrames'],
      ]),
    );
    expect(result).toMatchObject({
      numVideos: 1,
      numFrames: 40,
      clipAccuracy: null,
      labels: UNTRAINED_LABELS,
    });
    expect(result.confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(40);
    expect(result.perLabel.map(({ label, numFrames }) => [label, numFrames])).toEqual([
      ['left', 20],
      ['right', 20],
      ['up', 0],
    ]);
    expect(result.perLabel[2]).toMatchObject({ recall: null, averagePrecision: null });
    for (const value of [
      result.frameAccuracy,
      result.edit,
      result.meanAveragePrecision,
      result.calibrationError,
    ]) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(100);
    }
  });

  it('prints tables of scores, labels, and a confusion matrix with numbered columns', async () => {
    const { stdout } = await evaluate(models.plain);
    expect(stdout).toMatch(/^1 videos?, 40 labeled frames/);
    expect(stdout).toMatch(/mAP@0\.5:0\.95[^]*calibration error[^]*precision[^]*truth \\ given[^]*3 up/);
  });

  it('labels every frame "unknown" if no confidence reaches --unknown-below, and scores that correctly', async () => {
    const { labels, confusion, frameAccuracy, perLabel, f1 } = await scores(
      models.plain,
      '--unknown-below',
      '1',
    );
    expect(labels).toEqual([...UNTRAINED_LABELS, 'unknown']);
    expect(confusion.map((row) => row[3])).toEqual([20, 20, 0, 0]);
    expect(frameAccuracy).toBe(0);
    expect(perLabel[0]).toMatchObject({ precision: null, recall: 0 });
    expect(f1[50]).toBe(0);
  });

  it('smooths as the flags say, or by default as validation chose for the model', async () => {
    const none = await scores(models.plain);
    const chosen = await scores(models.learned);
    expect(chosen.confusion).not.toEqual(none.confusion);
    expect(await scores(models.learned, '--smoothing', 'none')).toEqual(none);
    expect(await scores(models.learned, '--smooth', '3')).not.toEqual(chosen);
  });

  const refusals: [flags: string[], message: RegExp][] = [
    [['--smoothing', 'viterbi'], /"untrained" has not learned how long its labels last/],
    [['--smoothing', 'none', '--smooth', '1'], /window of 1 s goes with the smoothing "median", not "none"/],
    [['--smoothing', 'fourier'], /viterbi, median, none/],
    [['--unknown-below', '1.5'], /from 0 to 1/],
  ];
  it.each(refusals)('refuses %j as wrong usage, like framewise label', async (flags, message) => {
    const output = path.join(folder, 'refused');
    const label = await framewise('label', VIDEO, '--model', models.plain, '--output', output, ...flags);
    for (const { exitCode, stderr, stdout } of [await evaluate(models.plain, ...flags), label]) {
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toMatch(message);
    }
  });
});

describe('framewise label', () => {
  const timelineOf = async (...flags: string[]) => {
    const argv = ['--model', models.learned, '--output', path.join(folder, 'labeled'), '--format', 'json'];
    const { exitCode, stderr } = await framewise('label', VIDEO, ...argv, '--duration', '3', ...flags);
    expect(exitCode, stderr).toBe(0);
    return readTimelineJson(path.join(folder, 'labeled/stitched-3.json'));
  };

  it('smooths segments as validation chose for the model, and does not smooth the labels of frames', async () => {
    const { frames, segments } = await timelineOf();
    expect(segments[0]?.label).toBe(FIRST_LABEL);
    expect(frames[0]?.label).not.toBe(FIRST_LABEL);
  });

  it('labels frames of low confidence "unknown", with one probability per label', async () => {
    const { labels, frames, segments } = await timelineOf('--unknown-below', '1', '--probabilities');
    expect(labels).toEqual([...UNTRAINED_LABELS, 'unknown']);
    expect(frames.map(({ label, probabilities }) => [label, probabilities?.length])).toEqual(
      frames.map(() => ['unknown', 4]),
    );
    expect(segments.map(({ label }) => label)).toEqual(['unknown']);
  });
});
