import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InThreadEncoder } from '../../../src/encoder/pool/in-thread-encoder.js';
import { OutOfMemoryError } from '../../../src/errors.js';
import { startBackend } from '../../../src/runtime/backend.js';
import { expectedFeatures, writeGraphModel } from '../tiny-models.js';

const FRAME_BYTES = 4 * 6 * 3;
const pixels = Uint8Array.from({ length: 10 * FRAME_BYTES }, (_, byte) => (byte * 31) % 256);

let folder: string;
let encoder: InThreadEncoder;
/** How many frames each convolution was asked for. */
let asked: number[] = [];

/** Has convolutions fail with more frames than these. */
function limitConvolutions(mostFrames: number, failure: () => Error): () => void {
  const original = tf.getKernel('Conv2D', 'cpu');
  const replace = (kernel: typeof original) => {
    tf.unregisterKernel('Conv2D', 'cpu');
    tf.registerKernel(kernel);
  };
  replace({
    ...original,
    kernelFunc: (run) => {
      const numFrames = run.inputs['x']!.shape[0]!;
      asked.push(numFrames);
      if (numFrames > mostFrames) throw failure();
      return original.kernelFunc(run);
    },
  });
  return () => replace(original);
}

beforeAll(async () => {
  await startBackend('cpu');
  folder = await mkdtemp(path.join(tmpdir(), 'framewise-memory-'));
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  encoder = await InThreadEncoder.load(await writeGraphModel(folder));
  asked = [];
  return () => encoder.dispose();
});

describe.each([
  ['WebGPU', () => new OutOfMemoryError('a device', 'no room.')],
  [
    'TensorFlow',
    () => new Error('Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[10,4]'),
  ],
])('where memory is short on %s', (_, failure) => {
  it('halves batches until they fit, and later ones too', async () => {
    const restore = limitConvolutions(3, failure);
    try {
      const { numTensors } = tf.memory();
      const features = await encoder.encode(pixels, 10);
      expectedFeatures(pixels, 10).forEach((value, index) => expect(features[index]).toBeCloseTo(value, 2));
      expect(asked).toEqual([10, 5, 3, 3, 3, 1]);
      await encoder.encode(pixels, 10);
      expect(asked.slice(6)).toEqual([3, 3, 3, 1]);
      expect(tf.memory().numTensors).toBe(numTensors);
    } finally {
      restore();
    }
  });

  it('fails if a single frame does not fit', async () => {
    const restore = limitConvolutions(0, failure);
    await expect(encoder.encode(pixels, 10)).rejects.toThrow(failure().message);
    restore();
    expect(asked).toEqual([10, 5, 3, 2, 1]);
  });
});

it('does not retry after another failure', async () => {
  const restore = limitConvolutions(3, () => new Error('It is broken.'));
  await expect(encoder.encode(pixels, 10)).rejects.toThrow('It is broken.');
  restore();
  expect(asked).toEqual([10]);
});
