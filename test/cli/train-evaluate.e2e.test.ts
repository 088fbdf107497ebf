import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { framewise } from './command-line.js';

const FIXTURES = path.join(import.meta.dirname, '../../fixtures/drawn-people');
const CLIPS = path.join(FIXTURES, 'clips');

let folder: string;
let cache: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-train-'));
  cache = path.join(folder, 'cache');
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const train = (dataset: string, output: string, ...flags: string[]) =>
  framewise(
    'train',
    dataset,
    '--output',
    path.join(folder, output),
    '--cache',
    cache,
    '--epochs',
    '3',
    ...flags,
  );

async function datasetOf(name: string, csv: string): Promise<string> {
  const place = path.join(folder, name);
  await mkdir(place, { recursive: true });
  await cp(path.join(FIXTURES, 'stitched/stitched-3.mp4'), path.join(place, 'street.mp4'));
  await writeFile(path.join(place, 'labels.csv'), `video,label,start,end\n${csv}`);
  return place;
}

describe('framewise train and evaluate', () => {
  it('train a model on a folder of clips, the same model for the same seed, and score it', async () => {
    const first = await train(CLIPS, 'a', '--folds', '3', '--units', '8', '--projection', '8', '--json');
    expect(first.stderr).toContain('8 videos to train on, 4 to validate.');
    expect(first.stderr).toMatch(/squat down │ +4 │ +4 │ +0\.1 │ +48 │ +33\.3/);
    expect(first.stderr).toMatch(/epoch 3\/3 {2}loss \d\.\d+ .*validation loss/);
    expect(first.exitCode).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({
      labels: ['squat down', 'stand up', 'wave'],
      numTraining: 8,
      numValidation: 4,
    });

    const entries = await readdir(cache);
    expect(entries).toHaveLength(12);
    await train(CLIPS, 'b', '--folds', '3', '--units', '8', '--projection', '8');
    expect(await readdir(cache)).toEqual(entries); // the features of every video came from the cache
    const weights = (name: string) => readFile(path.join(folder, name, 'weights.safetensors'));
    expect((await weights('b')).equals(await weights('a'))).toBe(true);

    const model = path.join(folder, 'a');
    expect(await readFile(path.join(model, 'report.html'), 'utf8')).toContain('squat down');
    const { exitCode, stdout } = await framewise(
      'evaluate',
      CLIPS,
      '--model',
      model,
      '--cache',
      cache,
      '--json',
    );
    expect(exitCode).toBe(0);
    const scores = JSON.parse(stdout) as {
      confusion: number[][];
      clipAccuracy: number;
      f1: object;
      numFrames: number;
    };
    expect(scores.confusion.flat().reduce((sum, value) => sum + value, 0)).toBe(scores.numFrames);
    expect(scores.clipAccuracy).toBeGreaterThanOrEqual(0);
    expect(Object.keys(scores.f1)).toEqual(['10', '25', '50']);

    const table = await framewise('evaluate', CLIPS, '--model', model, '--cache', cache);
    expect(table.stdout).toMatch(/12 videos, \d+ labeled frames[^]*frame accuracy[^]*squat down/);
  });

  it('train on untrimmed videos, and leave out unlabeled frames or label them as background', async () => {
    const csv = 'street.mp4,jump,0,1.6\nstreet.mp4,fall,4,6\n';
    const dataset = await datasetOf('gaps', csv);
    const plain = await train(
      dataset,
      'plain',
      '--folds',
      '0',
      '--json',
      '--units',
      '4',
      '--temperature',
      '2.5',
    );
    expect(JSON.parse(plain.stdout)).toMatchObject({ labels: ['fall', 'jump'], validation: null });
    const model = await readFile(path.join(folder, 'plain', 'model.json'), 'utf8');
    expect(JSON.parse(model)).toMatchObject({ temperature: 2.5 });
    const filled = await train(
      dataset,
      'filled',
      '--folds',
      '0',
      '--json',
      '--units',
      '4',
      '--background',
      'nothing',
    );
    expect(JSON.parse(filled.stdout)).toMatchObject({ labels: ['nothing', 'fall', 'jump'] });
    const count = async (model: string): Promise<number> => {
      const { stdout } = await framewise(
        'evaluate',
        dataset,
        '--model',
        path.join(folder, model),
        '--cache',
        cache,
        '--json',
      );
      return (JSON.parse(stdout) as { numFrames: number }).numFrames;
    };
    expect(await count('plain')).toBe(36); // 1.6 s and 2 s at 10 frames per second
    expect(await count('filled')).toBe(97); // all 145/15 s
  });
});

describe('framewise train, given something wrong', () => {
  const cases: [what: string, csv: string, message: RegExp][] = [
    ['one label', 'street.mp4,jump,0,2\n', /one label, "jump".*at least two/],
    ['a reversed segment', 'street.mp4,jump,3,1\nstreet.mp4,fall,4,5\n', /line 2/],
    ['an absent video', 'street.mp4,jump,0,2\nabsent.mp4,fall,2,4\n', /line 3.*"absent\.mp4"/],
    [
      'labels beyond the end',
      'street.mp4,jump,50,60\nstreet.mp4,fall,60,70\n',
      /No frame of .*street\.mp4" has a label/,
    ],
    ['no labels', '', /labels nothing/],
  ];
  it.each(cases)(
    'reports %s with one message and exit code 1, and writes no model',
    async (name, csv, message) => {
      const dataset = await datasetOf(name, csv);
      const { exitCode, stderr, stdout } = await train(dataset, `model of ${name}`, '--folds', '0');
      expect(exitCode).toBe(1);
      expect(stderr.split('\n').filter((line) => line.startsWith('error:'))).toHaveLength(1);
      expect(stderr).toMatch(message);
      expect(stdout).toBe('');
      expect(await readdir(path.join(folder, `model of ${name}`)).catch(() => [])).toEqual([]);
    },
  );

  it('refuses to replace a model without --overwrite, before it encodes a video', async () => {
    const place = path.join(folder, 'taken');
    await mkdir(place);
    await writeFile(path.join(place, 'model.json'), 'precious');
    const refused = await train(CLIPS, 'taken');
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/already holds a model/);
    expect(await readFile(path.join(place, 'model.json'), 'utf8')).toBe('precious');
  });

  it('refuses an output that cannot be written, a missing dataset, and labels that the model does not know', async () => {
    const unwritable = await framewise('train', CLIPS, '--output', path.join(CLIPS, 'wave/1.mp4/model'));
    expect(unwritable).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/Cannot write to/) as string,
    });
    const missing = await train(path.join(folder, 'nowhere'), 'x');
    expect(missing).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/Cannot open ".*nowhere"/) as string,
    });
    const model = path.join(folder, 'a');
    const unknown = await framewise(
      'evaluate',
      path.join(FIXTURES, 'stitched'),
      '--model',
      model,
      '--cache',
      cache,
    );
    expect(unknown).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/does not know: fall, jump/) as string,
    });
  });
});
