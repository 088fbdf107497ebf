import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createFrameEncoder } from '../../../src/encoder/create-frame-encoder.js';
import type { EncoderModel } from '../../../src/encoder/networks/encoder-model.js';
import { encoderSpecSchema, type EncoderSpec } from '../../../src/encoder/encoder-spec.js';
import { InThreadEncoder } from '../../../src/encoder/pool/in-thread-encoder.js';
import { JoinedEncoder } from '../../../src/encoder/builtin/joined-encoder.js';
import { startBackend } from '../../../src/runtime/backend.js';
import { expectedFeatures, writeGraphModel, writeLayersModel } from '../tiny-models.js';

let folder: string;

beforeAll(() => startBackend('wasm'));
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'framewise-joined-'));
});
afterEach(() => rm(folder, { recursive: true }));

const pixels = new Uint8Array(2 * 4 * 6 * 3).map((_, index) => (index * 37) % 256);

it('concatenates the features of its parts and leaks no tensor', async () => {
  const first = await writeGraphModel(folder);
  const second = { ...first, outputNode: 'mix', pixelRange: [-1, 1] as [number, number] };
  const { numTensors } = tf.memory();
  const joined = await InThreadEncoder.load({ kind: 'joined', encoders: [first, second] });
  const alone = await InThreadEncoder.load(first);
  const loaded = tf.memory().numTensors;
  expect(joined).toMatchObject({ inputWidth: 6, inputHeight: 4, pictureFit: 'fill', featureSize: 4 });

  const features = await joined.encode(pixels, 2);
  expect([...features.subarray(0, 2), ...features.subarray(4, 6)]).toEqual([
    ...(await alone.encode(pixels, 2)),
  ]);
  const scaled = expectedFeatures(pixels, 2, (byte) => byte / 127.5 - 1);
  [2, 3, 6, 7].forEach((place, index) => expect(features[place]).toBeCloseTo(scaled[index]!, 3));

  expect(tf.memory().numTensors).toBe(loaded);
  joined.dispose();
  alone.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
});

it('can encode with one part alone, in this thread and on workers; a part with its usual input keeps its id', async () => {
  const first = await writeGraphModel(folder);
  const second = { ...first, outputNode: 'mix', pixelRange: [-1, 1] as [number, number] };
  const spec: EncoderSpec = { kind: 'joined', encoders: [first, second] };
  const [alone, other] = [await InThreadEncoder.load(first), await InThreadEncoder.load(second)];
  for (const workers of [0, 1]) {
    const joined = await createFrameEncoder(spec, { workers, backend: 'wasm' });
    const whole = await joined.encode(pixels, 2);
    const [one, two] = await Promise.all(joined.parts!.map((part) => part.encode(pixels, 2)));
    expect(one).toEqual(await alone.encode(pixels, 2));
    const frames = [0, 1].map((frame) =>
      [one!, two!].map((part) => [...part.slice(2 * frame, 2 * frame + 2)]),
    );
    expect([...whole]).toEqual(frames.flat(2));
    expect(joined.parts).toMatchObject([
      { id: alone.id, featureSize: 2, inputWidth: 6, pictureFit: 'fill' },
      { id: `${other.id}@6x4-fill-0:255`, featureSize: 2 },
    ]);
    joined.dispose();
  }
  expect(alone.parts).toBeUndefined();
  alone.dispose();
  other.dispose();
});

/** Features are a picture's leftmost and rightmost bytes in the first row and its number of rows. */
function edges(changes: Partial<EncoderModel>): EncoderModel {
  return {
    ...{ id: 'edges', inputWidth: 4, inputHeight: 2, pictureFit: 'fill', pixelRange: [0, 1], featureSize: 3 },
    run: (pictures) => {
      const [batch, height, width] = pictures.shape;
      const at = (column: number) =>
        tf.reshape(tf.slice(pictures, [0, 0, column, 0], [batch, 1, 1, 1]), [-1, 1]);
      const columns = [at(0), at(width - 1), tf.fill([batch, 1], height)] as tf.Tensor2D[];
      return Promise.resolve(tf.concat2d(columns, 1));
    },
    dispose: () => undefined,
    ...changes,
  };
}

it('takes pictures of the largest width and height of its parts, and resizes and scales them for the others', async () => {
  const joined = new JoinedEncoder([
    edges({ pixelRange: [0, 255] }),
    edges({ id: 'high', inputWidth: 2, inputHeight: 4, pictureFit: 'contain' }),
  ]);
  expect(joined).toMatchObject({ inputWidth: 4, inputHeight: 4, pictureFit: 'contain', id: 'edges+high' });
  const row = tf.tensor4d([0, 51, 102, 255], [1, 1, 4, 1]);
  const features = await (await joined.run(tf.tile(row, [1, 4, 1, 3]))).data();
  // Half as wide, a pixel is the mean of two neighbors.
  [0, 255, 2, 25.5 / 255, 178.5 / 255, 4].forEach((value, index) =>
    expect(features[index]).toBeCloseTo(value, 5),
  );
});

it('has an id that lists its parts in order', async () => {
  const [one, other] = [await writeGraphModel(folder), { kind: 'builtin', name: 'movenet-pose' } as const];
  const idOf = async (spec: EncoderSpec): Promise<string> => {
    const encoder = await InThreadEncoder.load(spec);
    encoder.dispose();
    return encoder.id;
  };
  const id = await idOf({ kind: 'joined', encoders: [one, other] });
  expect(id).toBe(`${await idOf(one)}+${await idOf(other)}`);
});

it('is refused if a part cannot be loaded, and leaks no tensor', async () => {
  const [one, other] = [await writeGraphModel(folder), await writeLayersModel(folder)];
  const { numTensors } = tf.memory();
  const loading = InThreadEncoder.load({
    kind: 'joined',
    encoders: [{ ...other }, { ...one, kind: 'graph' }],
  });
  await expect(loading).rejects.toThrow(/is a layers model; its description says "graph"/);
  expect(tf.memory().numTensors).toBe(numTensors);
});

it.each([
  ['one part', [{ kind: 'builtin', name: 'movenet-pose' }]],
  ['a part that is joined itself', new Array(2).fill({ kind: 'joined', encoders: [] })],
])('cannot be described with %s', (_, encoders) => {
  expect(encoderSpecSchema.safeParse({ kind: 'joined', encoders }).success).toBe(false);
});
