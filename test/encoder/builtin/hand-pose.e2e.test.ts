import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeWholeVideo } from '../../../src/encoder/features/encode-video.js';
import { InThreadEncoder } from '../../../src/encoder/pool/in-thread-encoder.js';
import { startBackend } from '../../../src/runtime/backend.js';

const BYTES = 320 * 320 * 3;
const SIZE = 774;
/** Where each part of the features begins. */
const PART = {
  presence: 0,
  classScores: 2,
  highestScores: 9,
  crop: 16,
  landmarks: 19,
  bends: 82,
  reaches: 97,
};

let encoder: InThreadEncoder;
let numBefore: number;

beforeAll(async () => {
  await startBackend('wasm');
  numBefore = tf.memory().numTensors;
  encoder = await InThreadEncoder.load({ kind: 'builtin', name: 'hand-pose' });
});
afterAll(() => {
  encoder.dispose();
  expect(tf.memory().numTensors).toBe(numBefore);
});

const gray = new Uint8Array(BYTES).fill(128);
const waves = new Uint8Array(BYTES).map(
  (_, index) => 128 + 100 * Math.sin(index / 900) * Math.cos(index / 31),
);

describe('the hand-pose encoder', () => {
  it('reports its properties and asks for pictures that are not stretched', () => {
    expect(encoder).toMatchObject({
      inputWidth: 320,
      inputHeight: 320,
      pictureFit: 'contain',
      featureSize: SIZE,
    });
    expect(encoder.id).toMatch(/^hand-pose-[0-9a-f]{12}$/);
  });

  it('finds no hand in a gray picture, and describes the whole picture', async () => {
    const features = await encoder.encode(gray, 1);
    expect(features).toHaveLength(SIZE);
    expect(features.every(Number.isFinite)).toBe(true);
    expect(features[PART.presence]).toBeLessThan(0.1);
    expect([...features.slice(PART.crop, PART.crop + 3)]).toEqual([0.5, 0.5, 1]);
  });

  it('returns the same features for a picture at any position of a batch, and leaks no tensor', async () => {
    const { numTensors } = tf.memory();
    const both = await encoder.encode(new Uint8Array(Buffer.concat([gray, waves])), 2);
    expect(both.slice(0, SIZE)).toEqual(await encoder.encode(gray, 1));
    expect(both.slice(SIZE)).toEqual(await encoder.encode(waves, 1));
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('a hand before a wall', () => {
  const clip = fileURLToPath(
    new URL('../../../../shared/data/hand-gestures/Num1/p2_Num1_02.mp4', import.meta.url),
  );

  // It is not part of this repository.
  it.skipIf(!existsSync(clip))('is found where it is, with the finger that it holds up', async () => {
    const { features, timesSec } = await encodeWholeVideo(clip, encoder, { frameRate: 1 });
    expect(timesSec.length).toBeGreaterThan(1);
    for (let frame = 0; frame < timesSec.length; frame++) {
      const of = features.subarray(frame * SIZE, (frame + 1) * SIZE);
      expect(of[PART.presence]).toBeGreaterThan(0.9);
      expect(Math.max(...of.subarray(PART.highestScores, PART.crop))).toBeGreaterThan(0.3);
      expect(of[PART.classScores]! >= 0 && of[PART.classScores]! <= of[PART.highestScores]!).toBe(true);
    }
    // In the middle of the clip the index finger alone is straight and reaches far.
    const middle = features.subarray(Math.floor(timesSec.length / 2) * SIZE);
    const [x, y, size] = middle.subarray(PART.crop, PART.landmarks);
    expect([x! > 0.2 && x! < 0.8, y! > 0.2 && y! < 0.8, size! > 0.2 && size! < 1]).toEqual([
      true,
      true,
      true,
    ]);
    const straightness = [0, 1, 2, 3, 4].map((finger) =>
      Math.min(...middle.subarray(PART.bends + 3 * finger, PART.bends + 3 * finger + 3)),
    );
    expect(straightness[1]).toBeGreaterThan(0.8);
    for (const finger of [2, 3, 4]) expect(straightness[finger]).toBeLessThan(0.5);
    const [, index, ...others] = middle.subarray(PART.reaches, PART.reaches + 5);
    expect(index).toBeGreaterThan(1.5 * Math.max(...others));
  });
});
