import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createFrameEncoder } from '../../../src/encoder/create-frame-encoder.js';
import { DEFAULT_ENCODER, type ModelOnDiskSpec } from '../../../src/encoder/encoder-spec.js';
import type { FrameEncoder } from '../../../src/encoder/frame-encoder.js';
import { formatSavedModel, type GraphNode } from '../../../src/encoder/networks/saved-model.js';
import { cutSessionGraph, runSideBySide } from '../../../src/encoder/networks/session-network.js';
import { startBackend } from '../../../src/runtime/backend.js';
import { expectedFeatures, writeGraphModel } from '../tiny-models.js';

const absence = await startBackend('tensorflow').then(
  () => '',
  (error: Error) => `, skipped: ${error.message}`,
);
const pixels = Uint8Array.from({ length: 3 * 4 * 6 * 3 }, (_, byte) => (byte * 31) % 256);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('formatSavedModel', () => {
  it('formats every kind of attribute as protobuf does', () => {
    // Field by field, after the published .proto files: number · 8 + wire type, then length or value.
    const spelled = (attr: GraphNode['attr']): string =>
      formatSavedModel([{ name: 'n', op: 'o', attr }]).toString('hex');
    expect(spelled({ a: { i: '-1' } })).toContain('2a10' + '0a0161' + '120b' + '18ffffffffffffffffff01');
    expect(spelled({ a: { i: 300 } })).toContain('0a0161' + '1203' + '18ac02');
    expect(spelled({ a: { f: 0.5 } })).toContain('0a0161' + '1205' + '250000003f');
    expect(spelled({ a: { b: true } })).toContain('0a0161' + '1202' + '2801');
    expect(spelled({ a: { s: base64('VALID') } })).toContain('0a0161' + '1207' + '120556414c4944');
    expect(spelled({ a: { type: 'DT_INT32' } })).toContain('0a0161' + '1202' + '3003');
    expect(spelled({ a: { shape: { dim: [{ size: '4' }] } } })).toContain(
      '0a0161' + '1206' + '3a04' + '12020804',
    );
    expect(spelled({ a: { list: { i: ['1', '2'] } } })).toContain('0a0161' + '1206' + '0a04' + '18011802');
  });

  it('refuses an attribute of an unknown kind', () => {
    const spell = (attr: object) => () => formatSavedModel([{ name: 'n', op: 'o', attr: { a: attr } }]);
    expect(spell({ func: {} })).toThrow('kind "func"');
    expect(spell({ type: 'DT_STRING' })).toThrow('data type "DT_STRING"');
    expect(spell({})).toThrow('"a" has no value');
  });
});

describe('cutSessionGraph', () => {
  beforeAll(async () => {
    if (absence) await startBackend('cpu'); // Any does, to hold a weight.
  });

  const nodes = (fusedOps: string[]): GraphNode[] => [
    { name: 'before', op: 'Unknown' },
    { name: 'input', op: 'Unknown', input: ['before'] },
    { name: 'weight', op: 'Const' },
    {
      name: 'mix',
      op: '_FusedConv2D',
      input: ['input', 'weight', 'weight'],
      attr: {
        T: { type: 'DT_FLOAT' },
        num_args: { i: '1' },
        fused_ops: { list: { s: fusedOps.map(base64) } },
      },
    },
    { name: 'after', op: 'Unknown', input: ['mix'] },
  ];
  const cut = (fusedOps: string[]): GraphNode[] => {
    const weight = tf.zeros([1, 1, 3, 2]);
    try {
      const part = { input: 'input', output: 'mix', inputShape: [-1, 4, 6, 3] };
      return cutSessionGraph(nodes(fusedOps), { weight: [weight] }, part);
    } finally {
      weight.dispose();
    }
  };

  it('splits fused nodes and leaves out nodes that the output does not need', () => {
    const found = cut(['BiasAdd', 'Relu6']).map(({ name, op, input = [] }) => [name, op, ...input].join(' '));
    expect(found.sort()).toEqual([
      'input Placeholder',
      'mix Relu6 mix/unfused_1',
      'mix/unfused_0 Conv2D input weight',
      'mix/unfused_1 BiasAdd mix/unfused_0 weight',
      'weight Const',
    ]);
  });

  it('refuses an unknown step of a fused node', () => {
    expect(() => cut(['FusedBatchNorm'])).toThrow('_FusedConv2D with FusedBatchNorm');
  });
});

describe('runSideBySide', () => {
  it('computes each part of a batch with separate nodes and shared weights, and concatenates the parts', () => {
    const graph: GraphNode[] = [
      { name: 'input', op: 'Placeholder' },
      { name: 'weight', op: 'Const' },
      { name: 'mix', op: 'Conv2D', input: ['input', 'weight'] },
      { name: 'output', op: 'Relu', input: ['mix:1', '^mix', '^input'] },
    ];
    const part = { input: 'input', output: 'output', inputShape: [-1, 4, 6, 3] };
    const added = runSideBySide(graph, part, 2).slice(graph.length);
    expect(added.map(({ name, op, input = [] }) => [name, op, ...input].join(' '))).toEqual([
      'framewise/axis Const',
      'framewise/split Split framewise/axis input',
      'mix/part_0 Conv2D framewise/split:0 weight',
      'output/part_0 Relu mix/part_0:1 ^mix/part_0 ^framewise/split',
      'mix/part_1 Conv2D framewise/split:1 weight',
      'output/part_1 Relu mix/part_1:1 ^mix/part_1 ^framewise/split',
      'output/joined ConcatV2 output/part_0 output/part_1 framewise/axis',
    ]);
  });
});

describe.skipIf(absence)(`an encoder on tensorflow${absence}`, () => {
  let folder: string;
  let spec: ModelOnDiskSpec & { kind: 'graph' };
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'framewise-test-'));
    vi.stubEnv('TMPDIR', folder);
    spec = await writeGraphModel(folder);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  /** Writes the graph anew with another value of an attribute of the mean over space, or with another operation. */
  async function alter(change: (mean: GraphNode) => void): Promise<typeof spec> {
    const model = JSON.parse(await readFile(spec.path, 'utf8')) as { modelTopology: { node: GraphNode[] } };
    change(model.modelTopology.node.find(({ name }) => name === 'pooled')!);
    const file = path.join(folder, 'altered.json');
    await writeFile(file, JSON.stringify(model));
    return { ...spec, path: file };
  }

  /** @returns How many sessions were run to encode pictures, whose features are looked at. */
  async function countRuns(of: ModelOnDiskSpec): Promise<number> {
    const runs = vi.spyOn(sessions(), 'runSavedModel');
    const encoder = await createFrameEncoder(of, { backend: 'tensorflow' });
    for (const numFrames of [3, 2, 1]) await expectFeatures(encoder, numFrames);
    encoder.dispose();
    const { length } = runs.mock.calls;
    runs.mockRestore();
    return length;
  }

  it('runs as a session, for any number of pictures', async () => {
    expect(await countRuns(spec)).toBe(6); // Twice when it is loaded, when it is tried, and thrice here.
  });

  it('leaves no file, tensor or session behind', async () => {
    const before = { ...tf.memory(), numSessions: sessions().getNumOfSavedModels() };
    const encoder = await createFrameEncoder(spec, { backend: 'tensorflow' });
    expect(sessions().getNumOfSavedModels()).toBe(before.numSessions + 1);
    expect((await readdir(folder)).filter((name) => name.startsWith('framewise-session'))).toEqual([]);
    await expectFeatures(encoder, 3);
    encoder.dispose();
    encoder.dispose();
    expect({ ...tf.memory(), numSessions: sessions().getNumOfSavedModels() }).toEqual(before);
  });

  it('runs node by node if no session can be created', async () => {
    const before = { ...tf.memory(), numSessions: sessions().getNumOfSavedModels() };
    const unspelled = await alter((mean) => (mean.attr!['T'] = { type: 'DT_BFLOAT16' }));
    expect(await countRuns(unspelled)).toBe(0);
    const refused = await alter((mean) => (mean.attr!['T'] = { type: 'DT_INT32' }));
    expect(await countRuns(refused)).toBe(0);
    expect({ ...tf.memory(), numSessions: sessions().getNumOfSavedModels() }).toEqual(before);
  });

  it('is refused for a wrong graph, as on other backends', async () => {
    const wrong = await alter((mean) => (mean.op = 'NoSuchOperation'));
    const refusal = (backend: 'cpu' | 'tensorflow') =>
      createFrameEncoder(wrong, { backend, workers: 0 }).then(() => '', String);
    const message = await refusal('cpu');
    expect(message).toMatch(/^EncoderError: .*NoSuchOperation/);
    expect(await refusal('tensorflow')).toBe(message);
  });

  it('can run at the same time as others', async () => {
    const [first, second] = await Promise.all([
      createFrameEncoder(spec, { backend: 'tensorflow' }),
      createFrameEncoder(spec, { backend: 'tensorflow' }),
    ]);
    await Promise.all([expectFeatures(first, 3), expectFeatures(second, 1), expectFeatures(first, 1)]);
    first.dispose();
    await expectFeatures(second, 3);
    second.dispose();
  });

  it(
    'gives the default network the features that it has on wasm, to 1e-4',
    { timeout: 120_000 },
    async () => {
      const pictures = Uint8Array.from({ length: 2 * 192 * 192 * 3 }, (_, byte) => {
        const [x, y] = [Math.floor(byte / 3) % 192, Math.floor(byte / 576)];
        return 128 + 127 * Math.sin((x * (byte % 3)) / 19 + y / 23);
      });
      const onWasm = await createFrameEncoder(DEFAULT_ENCODER, { backend: 'wasm', workers: 1 });
      const expected = await onWasm.encode(pictures, 2);
      onWasm.dispose();
      const onTensorflow = await createFrameEncoder(DEFAULT_ENCODER, { backend: 'tensorflow' });
      const runs = vi.spyOn(sessions(), 'runSavedModel');
      const features = await onTensorflow.encode(pictures, 2);
      expect(runs).toHaveBeenCalledOnce();
      runs.mockRestore();
      onTensorflow.dispose();
      expect(onTensorflow.id).toBe(onWasm.id);
      const differences = features.map((value, index) => Math.abs(value - expected[index]!));
      expect(Math.max(...differences)).toBeLessThan(1e-4);
      expect(Math.max(...features)).toBeGreaterThan(0.1);
    },
  );
});

interface Sessions {
  runSavedModel(): unknown;
  getNumOfSavedModels(): number;
}

function sessions(): Sessions {
  return tf.backend() as unknown as Sessions;
}

async function expectFeatures(encoder: FrameEncoder, numFrames: number): Promise<void> {
  const taken = pixels.subarray(0, (pixels.length / 3) * numFrames);
  const features = await encoder.encode(taken, numFrames);
  expectedFeatures(taken, numFrames).forEach((value, index) => expect(features[index]).toBeCloseTo(value, 2));
}
