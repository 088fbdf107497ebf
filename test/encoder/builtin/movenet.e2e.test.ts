import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_ENCODER } from '../../../src/encoder/encoder-spec.js';
import { InThreadEncoder } from '../../../src/encoder/pool/in-thread-encoder.js';
import { readModelFiles } from '../../../src/encoder/networks/model-files.js';
import { locateMoveNet } from '../../../src/encoder/builtin/movenet.js';
import { ShapeError } from '../../../src/errors.js';
import { startBackend } from '../../../src/runtime/backend.js';

const BYTES = 192 * 192 * 3;
const SIZE = 1280;

/** Smooth pictures, each another: waves of color that move from frame to frame. */
const pixels = new Uint8Array(4 * BYTES).map((_, index) => {
  const [frame, place] = [Math.floor(index / BYTES), Math.floor((index % BYTES) / 3)];
  const [x, y] = [place % 192, Math.floor(place / 192)];
  return 128 + 127 * Math.sin((x * (index % 3)) / 19 + y / 23 + frame);
});

let encoder: InThreadEncoder;
let features: Float32Array;

beforeAll(async () => {
  await startBackend('wasm');
  encoder = await InThreadEncoder.load(DEFAULT_ENCODER);
  features = await encoder.encode(pixels, 4);
});
afterAll(() => encoder.dispose());

function largestDifference(one: Float32Array, other: ArrayLike<number>): number {
  expect(other).toHaveLength(one.length);
  return one.reduce((largest, value, index) => Math.max(largest, Math.abs(value - other[index]!)), 0);
}

describe('the MoveNet encoder', () => {
  it('describes itself', () => {
    expect(encoder).toMatchObject({ inputWidth: 192, inputHeight: 192, featureSize: SIZE });
    expect(encoder.id).toMatch(/^movenet-lightning-[0-9a-f]{12}$/);
  });

  it('returns means of ReLU6 outputs, which differ between pictures', () => {
    expect(features).toHaveLength(4 * SIZE);
    expect(features.every((value) => value >= 0 && value <= 6)).toBe(true);
    expect(largestDifference(features.slice(0, SIZE), features.slice(SIZE, 2 * SIZE))).toBeGreaterThan(0.1);
  });

  it('agrees with the whole network, which scales the bytes itself', async () => {
    const { path, outputNode } = locateMoveNet('movenet-lightning');
    const { artifacts } = await readModelFiles(path);
    const whole = await loadGraphModel({ load: () => Promise.resolve(artifacts) });
    const expected = tf.tidy(() => {
      const picture = tf.tensor4d(pixels.subarray(0, BYTES), [1, 192, 192, 3], 'int32');
      return tf.mean(whole.execute({ input: picture }, outputNode) as tf.Tensor4D, [1, 2]).dataSync();
    });
    whole.dispose();
    expect(largestDifference(features.slice(0, SIZE), expected)).toBeLessThan(1e-4);
  });

  it('can return the 576 channels after a ReLU6 in its middle', async () => {
    const { numTensors } = tf.memory();
    const middle = await InThreadEncoder.load({ kind: 'builtin', name: 'movenet-middle' });
    const values = await middle.encode(pixels.subarray(0, 2 * BYTES), 2);
    middle.dispose();
    expect(middle.id).toMatch(/^movenet-middle-[0-9a-f]{12}$/);
    expect(values).toHaveLength(2 * 576);
    expect(values.every((value) => value >= 0 && value <= 6)).toBe(true);
    expect(largestDifference(values.slice(0, 576), values.slice(576))).toBeGreaterThan(0.1);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('is deterministic, and returns the same features for a picture at any position of a batch', async () => {
    expect(await encoder.encode(pixels, 4)).toEqual(features);
    for (const frame of [0, 3]) {
      const alone = await encoder.encode(pixels.subarray(frame * BYTES, (frame + 1) * BYTES), 1);
      expect(alone).toEqual(features.slice(frame * SIZE, (frame + 1) * SIZE));
    }
  });

  it('accepts overlapping calls', async () => {
    const halves = await Promise.all(
      [0, 2].map((frame) => encoder.encode(pixels.subarray(frame * BYTES, (frame + 2) * BYTES), 2)),
    );
    expect(Float32Array.of(...halves[0]!, ...halves[1]!)).toEqual(features);
  });

  it('leaves the pixels unchanged and leaks no tensor', async () => {
    const copy = pixels.slice();
    const { numTensors } = tf.memory();
    await encoder.encode(pixels, 4);
    await encoder.encode(pixels.subarray(0, BYTES), 1);
    await expect(encoder.encode(new Uint8Array(0), 0)).resolves.toHaveLength(0);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(pixels).toEqual(copy);
  });

  it.each([
    [BYTES - 1, 1],
    [BYTES, 2],
    [BYTES, 0.5],
    [0, -1],
  ])('refuses %i bytes as %d frames', async (numBytes, numFrames) => {
    await expect(encoder.encode(pixels.subarray(0, numBytes), numFrames)).rejects.toBeInstanceOf(ShapeError);
  });

  it('agrees with the cpu backend to 1e-4', async () => {
    await startBackend('cpu');
    const plain = await InThreadEncoder.load(DEFAULT_ENCODER);
    try {
      const expected = await plain.encode(pixels.subarray(0, BYTES), 1);
      expect(largestDifference(features.slice(0, SIZE), expected)).toBeLessThan(1e-4);
      expect(plain.id).toBe(encoder.id);
    } finally {
      plain.dispose();
      await startBackend('wasm');
    }
  });
});
