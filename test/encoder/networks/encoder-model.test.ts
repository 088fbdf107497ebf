import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ModelOnDiskSpec } from '../../../src/encoder/encoder-spec.js';
import { InThreadEncoder } from '../../../src/encoder/pool/in-thread-encoder.js';
import { EncoderError } from '../../../src/errors.js';
import { startBackend } from '../../../src/runtime/backend.js';
import { expectedFeatures, writeGraphModel, writeLayersModel } from '../tiny-models.js';

let folder: string;

beforeAll(() => startBackend('wasm'));
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'framewise-encoder-'));
});
afterEach(() => rm(folder, { recursive: true }));

const pixels = new Uint8Array(2 * 4 * 6 * 3).map((_, index) => (index * 37) % 256);

async function encode(spec: ModelOnDiskSpec): Promise<Float32Array> {
  const encoder = await InThreadEncoder.load(spec);
  try {
    return await encoder.encode(pixels, 2);
  } finally {
    encoder.dispose();
  }
}

function expectClose(features: Float32Array, expected: number[]): void {
  expect(features).toHaveLength(expected.length);
  expected.forEach((value, index) => expect(Math.abs(features[index]! - value)).toBeLessThan(1e-2)); // Of 3000.
}

describe.each([
  ['graph', writeGraphModel],
  ['layers', writeLayersModel],
] as const)('a %s model on disk', (kind, writeModel) => {
  it('gives the features of its output', async () => {
    expectClose(await encode(await writeModel(folder)), expectedFeatures(pixels, 2));
  });

  it('has a [batch, height, width, channels] output averaged over space', async () => {
    expectClose(
      await encode({ ...(await writeModel(folder)), outputNode: 'mix' }),
      expectedFeatures(pixels, 2),
    );
  });

  it('receives bytes scaled to the declared range', async () => {
    const spec = { ...(await writeModel(folder)), pixelRange: [-1, 1] as [number, number] };
    expectClose(
      await encode(spec),
      expectedFeatures(pixels, 2, (byte) => byte / 127.5 - 1),
    );
  });

  it('reports its properties and leaks no tensor', async () => {
    const spec = await writeModel(folder);
    const before = tf.memory().numTensors;
    const encoder = await InThreadEncoder.load(spec);
    const loaded = tf.memory().numTensors;
    expect(encoder).toMatchObject({ inputWidth: 6, inputHeight: 4, featureSize: 2 });
    await encoder.encode(pixels, 2);
    await encoder.encode(pixels.subarray(0, 72), 1);
    expect(tf.memory().numTensors).toBe(loaded);
    encoder.dispose();
    encoder.dispose();
    expect(tf.memory().numTensors).toBe(before);
    await expect(encoder.encode(pixels, 2)).rejects.toThrow(/has been disposed/);
  });

  it('has an id that depends on its weights, scaling and output, not on its location', async () => {
    const spec = await writeModel(folder);
    const idOf = async (changed: ModelOnDiskSpec): Promise<string> => {
      const encoder = await InThreadEncoder.load(changed);
      encoder.dispose();
      return encoder.id;
    };
    const id = await idOf(spec);
    expect(id).toMatch(/^framewise-encoder-.*-[0-9a-f]{12}$/);
    expect(await idOf({ ...spec, path: path.relative('.', spec.path) })).toBe(id);
    const ids = [id, await idOf({ ...spec, pixelRange: [0, 1] }), await idOf({ ...spec, outputNode: 'mix' })];
    const shard = path.join(path.dirname(spec.path), kind === 'graph' ? 'first.bin' : 'weights.bin');
    const bytes = await readFile(shard);
    bytes.writeFloatLE(1.5);
    await writeFile(shard, bytes);
    ids.push(await idOf(spec));
    expect(new Set(ids).size).toBe(4);
  });

  it.each<[string, (spec: ModelOnDiskSpec) => unknown, RegExp]>([
    ['a missing file', (spec) => rm(spec.path), /Cannot read ".*model\.json".*ENOENT/],
    ['missing weights', (spec) => rm(shardOf(spec)), /Cannot read ".*\.bin" of the encoder model/],
    [
      'weights cut short',
      (spec) => truncate(shardOf(spec), 4),
      /damaged: expected (24|32) bytes, received (4|12)\./,
    ],
    [
      'text that is no JSON',
      (spec) => writeFile(spec.path, '{"modelTopology":'),
      /damaged or no TensorFlow.js model/,
    ],
    ['JSON that is no model', (spec) => writeFile(spec.path, '{}'), /no TensorFlow.js model:.*modelTopology/],
    [
      'another input size',
      (spec) => (spec.inputWidth = 8),
      /takes \[any, 4, 6, 3\]; expected \[any, 4, 8, 3\]/,
    ],
    ['a missing output', (spec) => (spec.outputNode = 'absent'), /has no (node|layer) "absent"/],
    [
      'the other kind',
      (spec) => (spec.kind = kind === 'graph' ? 'layers' : 'graph'),
      new RegExp(`is a ${kind} model; its description says "(graph|layers)"`),
    ],
  ])('is refused with %s, and leaves no tensor behind', async (_name, change, message) => {
    const spec = await writeModel(folder);
    await change(spec);
    const before = tf.memory().numTensors;
    const error = await InThreadEncoder.load(spec).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EncoderError);
    expect((error as EncoderError).message).toMatch(message);
    expect((error as EncoderError).message).not.toContain('\n');
    expect(tf.memory().numTensors).toBe(before);
  });

  function shardOf(spec: ModelOnDiskSpec): string {
    return path.join(path.dirname(spec.path), kind === 'graph' ? 'first.bin' : 'weights.bin');
  }
});

describe('a graph model on disk', () => {
  it('is refused with a missing input', async () => {
    const spec = await writeGraphModel(folder);
    await expect(InThreadEncoder.load({ ...spec, inputNode: 'absent' })).rejects.toThrow(/no node "absent"/);
  });

  it('is refused if its output is not [batch, features]', async () => {
    const spec = await writeGraphModel(folder);
    const constant = InThreadEncoder.load({ ...spec, outputNode: 'mixing' });
    await expect(constant).rejects.toThrow(/gives float32 \[1, 1, 3, 2\]; expected float32 \[2, features\]/);
  });
});
