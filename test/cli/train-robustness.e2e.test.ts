import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainingRunRecord } from '../../src/training/loop/training-log.js';
import { framewise } from './command-line.js';

const FIXTURES = path.join(import.meta.dirname, '../../fixtures/drawn-people');

let folder: string;
let cache: string;
let dataset: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-robust-'));
  cache = path.join(folder, 'cache');
  dataset = path.join(folder, 'clips');
  for (const label of ['wave', 'squat down']) {
    for (const name of ['1.mp4', '2.mp4', '3.mp4']) {
      await cp(path.join(FIXTURES, 'clips', label, name), path.join(dataset, label, name));
    }
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const train = (data: string, output: string, ...flags: string[]) =>
  framewise(
    ...['train', data, '--output', path.join(folder, output), '--cache', cache],
    ...['--units', '4', '--projection', '4', '--epochs', '2', ...flags],
  );
const read = (...parts: string[]) => readFile(path.join(folder, ...parts));

describe('framewise train', () => {
  it('leaves out and reports a video that cannot be decoded, and exits with 1; with --strict it stops', async () => {
    const damaged = path.join(folder, 'damaged');
    await cp(dataset, damaged, { recursive: true });
    await writeFile(path.join(damaged, 'wave', '4.mp4'), 'not a video');
    const result = await train(damaged, 'of the rest', '--folds', '0', '--json');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/note: left out: .*4\.mp4/);
    expect(JSON.parse(result.stdout)).toMatchObject({ leftOut: ['wave/4.mp4'], epochs: 2 });
    expect(await readdir(path.join(folder, 'of the rest'))).toContain('model.json');

    const strict = await train(damaged, 'strict', '--folds', '0', '--strict');
    expect(strict).toMatchObject({ exitCode: 1, stdout: '' });
    expect(strict.stderr).toMatch(/error: .*4\.mp4.*repair it, or leave it out/);
    expect(await readdir(path.join(folder, 'strict'))).toEqual([]);
  });

  it('reports labels that reach beyond the end of a video', async () => {
    const place = path.join(folder, 'late');
    await mkdir(place);
    await cp(path.join(FIXTURES, 'stitched/stitched-3.mp4'), path.join(place, 'street.mp4'));
    const csv = 'video,label,start,end\nstreet.mp4,jump,0,2\nstreet.mp4,fall,4,50\n';
    await writeFile(path.join(place, 'labels.csv'), csv);
    const { exitCode, stderr } = await train(place, 'of late', '--folds', '0');
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/street\.mp4" ends after 9\.\d\d s, its labels do not: fall 4 to 50 s/);
  });

  it('keeps the log, the record of the run, and the last model if it is not the best', async () => {
    await train(
      dataset,
      'kept',
      ...['--folds', '3', '--epochs', '5', '--learning-rate', '0.000001', '--monitor', 'clipAccuracy'],
    );
    const files = await readdir(path.join(folder, 'kept'));
    expect(files).toEqual(
      expect.arrayContaining([
        'checkpoint',
        'metrics.jsonl',
        'model.json',
        'training-run.json',
        'weights.safetensors',
      ]),
    );
    const record = JSON.parse((await read('kept', 'training-run.json')).toString()) as TrainingRunRecord;
    expect(record).toMatchObject({
      command: expect.arrayContaining(['framewise', 'train', '--learning-rate']) as string[],
      labels: ['squat down', 'wave'],
      settings: { learningRate: 0.000001, 'network.units': 4 },
      numEpochs: 5,
    });
    expect(record.training.length + record.validation.length).toBe(6);
    expect(record.datasetHash).toMatch(/^[0-9a-f]{64}$/);
    // Such small steps change weights but no label, and a later epoch is the best only if its score is better.
    expect(record.bestEpoch).toBe(1);
    const last = await read('kept', 'last', 'weights.safetensors');
    expect(last.equals(await read('kept', 'weights.safetensors'))).toBe(false);
  });

  it('resumes with --resume to the same model, and refuses to discard unfinished training', async () => {
    const flags = ['--folds', '0', '--lanes', '2', '--chunk', '8', '--checkpoint-steps', '2', '--mirror'];
    await train(dataset, 'whole', ...flags);
    await train(dataset, 'broken off', ...flags);
    const place = path.join(folder, 'broken off');
    const checkpoints = await readdir(path.join(place, 'checkpoint'));
    await rm(path.join(place, 'checkpoint', checkpoints.sort()[1]!)); // back to the middle of the last epoch
    for (const file of ['model.json', 'weights.safetensors', 'training-run.json'])
      await rm(path.join(place, file));

    const refused = await train(dataset, 'broken off', ...flags);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/training that was not finished.*--resume.*--overwrite/);
    const other = await train(dataset, 'broken off', ...flags, '--resume', '--units', '5');
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toMatch(/network\.units was 4 and is 5/);

    const resumed = await train(dataset, 'broken off', ...flags, '--resume');
    expect(resumed.exitCode).toBe(0);
    for (const file of ['weights.safetensors', 'metrics.jsonl']) {
      expect((await read('broken off', file)).equals(await read('whole', file))).toBe(true);
    }
  });

  it('uses cached features of mirrored videos, and trains another model with them', async () => {
    const before = await readdir(cache);
    await train(dataset, 'plain', '--folds', '0');
    await train(dataset, 'mirrored', '--folds', '0', '--mirror');
    expect(await readdir(cache)).toEqual(before); // the previous test has encoded all videos
    expect(
      (await read('mirrored', 'weights.safetensors')).equals(await read('plain', 'weights.safetensors')),
    ).toBe(false);
  });

  it('reports what was left out if too few labels are left', async () => {
    const place = path.join(folder, 'of one');
    await mkdir(place);
    await cp(path.join(FIXTURES, 'stitched/stitched-3.mp4'), path.join(place, 'here.mp4'));
    const labeled = (label: string) => ({ annotations: [{ label, segment: [0, 2] }] });
    const database = { here: labeled('jump'), gone: labeled('fall') };
    await writeFile(path.join(place, 'set.json'), JSON.stringify({ database }));
    const { exitCode, stderr } = await train(place, 'of one label', '--folds', '0');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/error: .* has one label, "jump".* Left out: "gone": .*it was not found\./);
  });

  it('leaves out a class without a clip and trains on the others; with --strict it stops', async () => {
    const place = path.join(folder, 'with an empty class');
    await cp(dataset, place, { recursive: true });
    await mkdir(path.join(place, 'fall'));
    const { exitCode, stdout, stderr } = await train(place, 'without it', '--folds', '0', '--json');
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/Left out: 1\n.*fall": the class folder has no clip/);
    expect(JSON.parse(stdout)).toMatchObject({ labels: ['squat down', 'wave'], leftOut: [] });
    expect((await read('without it', 'report.html')).toString()).toContain('the class folder has no clip');

    const strict = await train(place, 'nothing', '--folds', '0', '--strict');
    expect(strict).toMatchObject({ exitCode: 1, stdout: '' });
    expect(strict.stderr).toMatch(/error: The class folder ".*fall" has no clip/);
  });

  it('refuses an impossible network before it encodes a video', async () => {
    const encoded = () => readdir(cache).catch(() => []); // the folder does not exist yet
    const before = await encoded();
    const network = ['--bidirectional', '--lookahead', '2', '--frame-rate', '7'];
    const { exitCode, stderr } = await train(dataset, 'impossible', ...network);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/cannot be built: lookahead: .*bidirectional/);
    expect(await encoded()).toEqual(before);
  });
});
