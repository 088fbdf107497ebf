import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InThreadEncoder } from '../../src/encoder/pool/in-thread-encoder.js';
import { ModelError } from '../../src/errors.js';
import { labelerWeightSpecs } from '../../src/labeler/model/labeler-weights.js';
import { loadModel, saveModel } from '../../src/labeler/model/model-folder.js';
import type { ModelDescription, TrainedModel } from '../../src/labeler/model/model-folder.js';
import { TemporalLabeler } from '../../src/labeler/temporal-labeler.js';
import { parseSafetensors } from '../../src/tensors/safetensors.js';
import { decodeTensorFile, encodeTensorFile, type StoredTensor } from '../../src/tensors/tensor-file.js';
import { writeGraphModel } from '../encoder/tiny-models.js';

const PRIOR: ModelDescription['segmentPrior'] = {
  weight: 4,
  initial: [0.2, 0.3, 0.5],
  transitions: [
    [0, 0.5, 0.5],
    [0.5, 0, 0.5],
    [0.9, 0.1, 0],
  ],
  durations: Array(3).fill({ logMean: 2, logDeviation: 0.5 }) as { logMean: number; logDeviation: number }[],
};

let temporary: string;
let folder: string;

function createModel(changes: Partial<TrainedModel> = {}): TrainedModel {
  return {
    labeler: TemporalLabeler.create(
      { featureSize: 4, numLabels: 3, units: 5, projectionUnits: 6 },
      { seed: 2 },
    ),
    name: 'gestures',
    labels: ['wave', 'clap', 'none'],
    background: 'none',
    encoder: { kind: 'builtin', name: 'movenet-lightning' },
    encoderId: 'movenet-lightning@1',
    frameRate: 12.5,
    training: { seed: 2, metrics: { accuracy: 0.9 } },
    ...changes,
  };
}

interface Damage {
  json?: (description: ModelDescription) => object;
  text?: string;
  /** The checksum in `model.json` stays that of the old weights. */
  weights?: (bytes: Buffer) => Uint8Array;
  /** The checksum becomes that of the new weights. */
  sealed?: (bytes: Buffer) => Uint8Array;
}

/** Saves a model and then changes its files. */
async function damage(change: Damage): Promise<void> {
  await saveModel(folder, createModel());
  await changeFiles('weights.safetensors', change);
}

/** Writes a model as version 3 did, with `weights.bin`, and then changes its files. */
async function damageEarlier(change: Damage): Promise<void> {
  const model = createModel();
  await saveModel(folder, model);
  await rm(path.join(folder, 'weights.safetensors'));
  const specs = labelerWeightSpecs(model.labeler.config);
  const exported = await model.labeler.exportWeights();
  const bytes = Buffer.concat(specs.map(({ name }) => new Uint8Array(exported.get(name)!.buffer)));
  await writeFile(path.join(folder, 'weights.bin'), bytes);
  const jsonFile = path.join(folder, 'model.json');
  const description = JSON.parse(await readFile(jsonFile, 'utf8')) as ModelDescription;
  const weights = specs.map(({ name, shape }) => ({ name, shape }));
  const earlier = { ...description, formatVersion: 3, weights, checksum: checksumOf(bytes) };
  await writeFile(jsonFile, JSON.stringify(earlier));
  await changeFiles('weights.bin', change);
}

async function changeFiles(weightsName: string, change: Damage): Promise<void> {
  const [jsonFile, weightsFile] = [path.join(folder, 'model.json'), path.join(folder, weightsName)];
  const description = JSON.parse(await readFile(jsonFile, 'utf8')) as ModelDescription;
  if (change.json) await writeFile(jsonFile, JSON.stringify(change.json(description)));
  if (change.text !== undefined) await writeFile(jsonFile, change.text);
  if (change.weights) await writeFile(weightsFile, change.weights(await readFile(weightsFile)));
  if (!change.sealed) return;
  const bytes = change.sealed(await readFile(weightsFile));
  await writeFile(weightsFile, bytes);
  await writeFile(jsonFile, JSON.stringify({ ...description, checksum: checksumOf(bytes) }));
}

function checksumOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function refusal(): Promise<string> {
  const before = tf.memory().numTensors;
  const error: unknown = await loadModel(folder).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ModelError);
  expect(error).toMatchObject({ code: 'ERR_MODEL', path: folder });
  expect(tf.memory().numTensors).toBe(before);
  const { message } = error as ModelError;
  expect(message).not.toContain('\n');
  return message;
}

describe('a model folder', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  beforeEach(async () => {
    temporary = await mkdtemp(path.join(os.tmpdir(), 'framewise-'));
    folder = path.join(temporary, 'models', 'gestures');
  });

  afterEach(async () => {
    await rm(temporary, { recursive: true });
  });

  it('returns a model that labels exactly like the saved one', async () => {
    const model = createModel();
    model.labeler.fitNormalization([
      { mean: [1, 2, 3, 4], variance: [1, 4, 9, 16] },
      { mean: [0, 0, 0, 0], variance: [1, 1, 2, 2] },
    ]);
    await saveModel(folder, model);
    const { labeler, description } = await loadModel(folder);
    const features = tf.randomNormal([20, 4], 0, 1, 'float32', 5).dataSync<'float32'>();
    const [saved, loaded] = await Promise.all([model.labeler.label(features), labeler.label(features)]);
    expect(loaded.probabilities).toEqual(saved.probabilities);
    const { labeler: original, ...about } = model;
    expect(description).toMatchObject(about);
    expect(description.network).toEqual(original.config);
  });

  it('keeps the temperature and the prior that validation chose', async () => {
    const model = createModel({ segmentPrior: PRIOR });
    model.labeler.temperature = 1.75;
    await saveModel(folder, model);
    const { labeler, description } = await loadModel(folder);
    expect(labeler.temperature).toBe(1.75);
    expect(description.segmentPrior).toEqual(PRIOR);
  });

  it('loads a model of version 1, which has no temperature', async () => {
    await damageEarlier({ json: (d) => ({ ...d, formatVersion: 1, temperature: undefined }) });
    const { labeler, description } = await loadModel(folder);
    expect(labeler.temperature).toBe(1);
    expect(description.segmentPrior).toBeUndefined();
  });

  it('loads the weights of version 3 to the last bit', async () => {
    await damageEarlier({});
    const { labeler } = await loadModel(folder);
    expect(await labeler.exportWeights()).toEqual(await createModel().labeler.exportWeights());
  });

  it('has only model.json and weights.safetensors, with every weight under its name', async () => {
    await damageEarlier({}); // A replaced model leaves no file behind.
    const model = createModel();
    await saveModel(folder, model);
    expect((await readdir(folder)).sort()).toEqual(['model.json', 'weights.safetensors']);
    const { tensors } = parseSafetensors(await readFile(path.join(folder, 'weights.safetensors')));
    const exported = await model.labeler.exportWeights();
    const values = [...tensors].map(([name, tensor]) => [name, tensor.values] as const);
    expect(new Map(values)).toEqual(exported);
    const specs = labelerWeightSpecs(model.labeler.config).map(({ name, shape }) => [name, shape]);
    expect([...tensors].map(([name, { shape }]) => [name, shape])).toEqual(specs);
  });

  it('replaces the model that was there', async () => {
    await saveModel(folder, createModel());
    const { labeler } = await loadModel(folder);
    await saveModel(folder, createModel({ name: 'again', labeler }));
    expect((await loadModel(folder)).description.name).toBe('again');
  });

  it('keeps an encoder inside the folder findable after the folder has moved', async () => {
    const declared = {
      kind: 'graph',
      inputWidth: 8,
      inputHeight: 8,
      pixelRange: [0, 1] as [number, number],
    } as const;
    await saveModel(
      folder,
      createModel({ encoder: { ...declared, path: path.join(folder, 'encoder', 'model.json') } }),
    );
    const moved = path.join(temporary, 'moved');
    await rename(folder, moved);
    const { description } = await loadModel(moved);
    expect(description.encoder).toEqual({ ...declared, path: path.join(moved, 'encoder', 'model.json') });
  });

  it('gets a copy of an encoder that lies elsewhere', async () => {
    const place = path.join(temporary, 'colors');
    await mkdir(place);
    const spec = await writeGraphModel(place);
    const { id, ...original } = await InThreadEncoder.load(spec);
    await saveModel(folder, createModel({ encoder: { kind: 'joined', encoders: [spec, spec] } }));
    await rm(place, { recursive: true });
    const { encoder } = (await loadModel(folder)).description;
    if (encoder.kind !== 'joined') throw new Error(encoder.kind);
    expect(encoder.encoders).toMatchObject([
      { path: path.join(folder, 'encoder/1/colors/model.json') },
      { path: path.join(folder, 'encoder/2/colors/model.json') },
    ]);
    const copy = await InThreadEncoder.load(encoder.encoders[0]!);
    expect(copy).toMatchObject({ id, featureSize: original.featureSize });
  });

  it.each(['/etc/passwd', '../elsewhere/model.json', 'link/model.json', '/dev/zero'])(
    'is refused with an encoder outside the folder: %s',
    async (file) => {
      await mkdir(path.join(temporary, 'elsewhere'));
      await writeGraphModel(path.join(temporary, 'elsewhere'));
      const encoder = { kind: 'graph', path: file, inputWidth: 6, inputHeight: 4, pixelRange: [0, 1] };
      await damage({ json: (d) => ({ ...d, encoder }) });
      await symlink(path.join(temporary, 'elsewhere'), path.join(folder, 'link'));
      expect(await refusal()).toMatch(
        /its encoder ".*" is outside the model's folder. If you trust the model, copy/,
      );
    },
  );

  it.skipIf(process.platform === 'win32')(
    'is refused if its files are devices, pipes or too large',
    async () => {
      await damage({ weights: (bytes) => Buffer.concat([bytes, Buffer.alloc(2 ** 21)]) });
      expect(await refusal()).toMatch(
        /weights\.safetensors cannot be read: it has \d+ bytes; at most \d+ are read/,
      );
      for (const name of ['weights.safetensors', 'model.json']) {
        for (const make of [
          symlink.bind(null, '/dev/zero'),
          (file: string) => execFileSync('mkfifo', [file]),
        ]) {
          await rm(path.join(folder, name));
          await make(path.join(folder, name));
          expect(await refusal()).toMatch(/cannot be read: it is not a regular file/);
        }
      }
    },
  );

  it('keeps the parts of a joined encoder findable too', async () => {
    const builtin = { kind: 'builtin', name: 'movenet-pose' } as const;
    const at = (place: string) => ({
      ...{ kind: 'graph' as const, inputWidth: 8, inputHeight: 8, pixelRange: [0, 1] as [number, number] },
      path: path.join(place, 'encoder', 'model.json'),
    });
    await saveModel(folder, createModel({ encoder: { kind: 'joined', encoders: [builtin, at(folder)] } }));
    const moved = path.join(temporary, 'moved');
    await rename(folder, moved);
    const { description } = await loadModel(moved);
    expect(description.encoder).toEqual({ kind: 'joined', encoders: [builtin, at(moved)] });
  });

  it.each<[string, Partial<TrainedModel>, RegExp]>([
    ['a label that occurs twice', { labels: ['wave', 'wave', 'none'] }, /labels: a label occurs twice/],
    ['a blank label', { labels: ['wave', ' ', 'none'] }, /labels\.1: a label is blank/],
    ['more labels than outputs', { labels: ['wave', 'clap', 'none', 'jump'] }, /labels: not as many/],
    ['a background that is no label', { background: 'idle' }, /background/],
    ['an impossible frame rate', { frameRate: 0 }, /frameRate/],
  ])('is not written with %s', async (_, changes, message) => {
    await expect(saveModel(folder, createModel(changes))).rejects.toThrow(message);
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
  });

  it('is not written with weights that are not finite', async () => {
    const model = createModel();
    const weights = await model.labeler.exportWeights();
    weights.get('projection.kernel')![3] = NaN;
    model.labeler.importWeights(weights);
    await expect(saveModel(folder, model)).rejects.toThrow(/projection\.kernel.*not finite/);
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
  });

  it('is refused if there is no model', async () => {
    expect(await refusal()).toMatch(/there is no such folder/);
    await saveModel(folder, createModel());
    await rm(path.join(folder, 'weights.safetensors'));
    expect(await refusal()).toMatch(/there is no weights\.safetensors/);
    await rm(path.join(folder, 'model.json'));
    expect(await refusal()).toMatch(/there is no model\.json/);
    await rm(folder, { recursive: true });
    await writeFile(folder, 'not a folder');
    expect(await refusal()).toMatch(/it is not a folder/);
  });

  it.each<[string, Damage, RegExp]>([
    ['text that is no JSON', { text: '{"format":\n\nframewise-model\n' }, /model\.json is not JSON/],
    ['JSON that is no object', { text: 'null' }, /another kind.*received none/],
    ['another format', { json: (d) => ({ ...d, format: 'layers-model' }) }, /another kind.*"layers-model"/],
    ['a later version', { json: (d) => ({ ...d, formatVersion: 5 }) }, /version 5.*reads versions 1 to 4/],
    ['no version', { json: (d) => ({ ...d, formatVersion: undefined }) }, /version none/],
    ['an impossible temperature', { json: (d) => ({ ...d, temperature: 0 }) }, /not valid: temperature/],
    [
      'a prior of other labels',
      { json: (d) => ({ ...d, segmentPrior: { ...PRIOR, initial: [0.5, 0.5] } }) },
      /segmentPrior: not of as many labels/,
    ],
    ['no labels', { json: (d) => ({ ...d, labels: undefined }) }, /not valid: labels/],
    ['an unknown field', { json: (d) => ({ ...d, color: 'red' }) }, /not valid.*color/],
    ['an unknown encoder', { json: (d) => ({ ...d, encoder: { kind: 'magic' } }) }, /not valid: encoder/],
    [
      'an unknown cell',
      { json: (d) => ({ ...d, network: { ...d.network, cell: 'qrnn' } }) },
      /network\.cell/,
    ],
    [
      'a network of another size',
      { json: (d) => ({ ...d, network: { ...d.network, units: 6 } }) },
      /expected recurrent\.0\.kernel \[6, 18\], received recurrent\.0\.kernel \[6, 15\]/,
    ],
    ['another checksum', { json: (d) => ({ ...d, checksum: `sha256:${'0'.repeat(64)}` }) }, /checksum/],
    [
      'a list of weights in it',
      { json: (d) => ({ ...d, weights: [] }) },
      /not valid: weights: expected in versions before 4/,
    ],
    ['weights cut short', { weights: (bytes) => bytes.subarray(0, 100) }, /checksum/],
    ['a header cut short', { sealed: (bytes) => bytes.subarray(0, 100) }, /header would have \d+ bytes/],
    [
      'values cut short',
      { sealed: (bytes) => bytes.subarray(0, -4) },
      /expected \d+ bytes of values, received \d+/,
    ],
    [
      'weights too long',
      { sealed: (bytes) => Buffer.concat([bytes, Buffer.alloc(4)]) },
      /expected \d+ bytes of values/,
    ],
    ['a flipped bit', { weights: (bytes) => flipBit(bytes, bytes.length - 10) }, /checksum/],
    [
      'weights of another model',
      { weights: otherWeights },
      /checksum of weights\.safetensors is not the one in model\.json/,
    ],
    [
      'a weight too few',
      { sealed: (bytes) => changeTensors(bytes, (tensors) => tensors.slice(0, -1)) },
      /received nothing more/,
    ],
    [
      'a weight too many',
      {
        sealed: (bytes) =>
          changeTensors(bytes, (tensors) => [...tensors, ['x', { shape: [1], values: new Float32Array(1) }]]),
      },
      /received x/,
    ],
    [
      'a float64 weight',
      {
        sealed: (bytes) =>
          changeTensors(bytes, (tensors) =>
            tensors.map(([name, { shape, values }]) => [name, { shape, values: Float64Array.from(values) }]),
          ),
      },
      /normalization\.mean is float64; expected float32/,
    ],
  ])('is refused with %s', async (_, change, message) => {
    await damage(change);
    expect(await refusal()).toMatch(message);
  });

  it.each<[string, Damage, RegExp]>([
    [
      'a network of another size',
      { json: (d) => ({ ...d, network: { ...d.network, units: 6 } }) },
      /expected recurrent\.0\.kernel \[6, 18\], received recurrent\.0\.kernel \[6, 15\]/,
    ],
    ['no list of weights', { json: (d) => ({ ...d, weights: undefined }) }, /not valid: weights: expected/],
    [
      'a weight too few',
      { json: (d) => ({ ...d, weights: d.weights!.slice(0, -1) }) },
      /received nothing more/,
    ],
    [
      'a weight too many',
      { json: (d) => ({ ...d, weights: [...d.weights!, { name: 'x', shape: [1] }] }) },
      /received x/,
    ],
    ['weights cut short', { sealed: (bytes) => bytes.subarray(0, 100) }, /should have \d+ bytes and has 100/],
    [
      'weights too long',
      { sealed: (bytes) => Buffer.concat([bytes, Buffer.alloc(4)]) },
      /should have \d+ bytes/,
    ],
    ['a flipped bit', { weights: (bytes) => flipBit(bytes, 10) }, /checksum/],
    ['another checksum', { json: (d) => ({ ...d, checksum: `sha256:${'0'.repeat(64)}` }) }, /checksum/],
  ])('is refused in version 3 with %s', async (_, change, message) => {
    await damageEarlier(change);
    expect(await refusal()).toMatch(message);
  });

  it('is refused with weights that are not finite, though the checksum fits', async () => {
    const toInfinity = (bytes: Buffer) => {
      bytes.writeFloatLE(Infinity, bytes.length - 4);
      return bytes;
    };
    await damageEarlier({ weights: toInfinity });
    const checksum = checksumOf(await readFile(path.join(folder, 'weights.bin')));
    await changeFiles('weights.bin', { json: (d) => ({ ...d, checksum }) });
    expect(await refusal()).toMatch(/output\.bias.*not finite/);

    const changeLast = (tensors: [string, StoredTensor][]) => {
      tensors.at(-1)![1].values[2] = Infinity;
      return tensors;
    };
    await rm(path.join(folder, 'weights.bin'));
    await damage({ weights: (bytes) => changeTensors(bytes, changeLast) });
    const current = checksumOf(await readFile(path.join(folder, 'weights.safetensors')));
    await changeFiles('weights.safetensors', { json: (d) => ({ ...d, checksum: current }) });
    expect(await refusal()).toMatch(/output\.bias.*not finite/);
  });
});

function flipBit(bytes: Buffer, position: number): Buffer {
  bytes[position]! ^= 1;
  return bytes;
}

const FORMAT = { name: 'framewise-weights', version: 1 };

/** A sound file with other tensors, which only `model.json` contradicts. */
function changeTensors(
  bytes: Uint8Array,
  change: (tensors: [string, StoredTensor][]) => [string, StoredTensor][],
): Uint8Array {
  const { tensors } = decodeTensorFile(FORMAT, bytes);
  return encodeTensorFile(FORMAT, { metadata: {}, tensors: new Map(change([...tensors])) });
}

function otherWeights(bytes: Buffer): Uint8Array {
  return changeTensors(bytes, (tensors) => {
    tensors[0]![1].values[0]! += 1;
    return tensors;
  });
}
