import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FeatureStore } from '../../../src/encoder/features/feature-store.js';
import type { FrameEncoder } from '../../../src/encoder/frame-encoder.js';
import { FeatureCache } from '../../../src/training/data/feature-cache.js';
import { loadFeatures } from '../../../src/training/data/sequences.js';
import { featuresOf } from '../../../src/training/data/video-features.js';

const VIDEO = path.join(import.meta.dirname, '../../../fixtures/drawn-people/clips/wave/1.mp4');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-video-features-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Features are a picture's first bytes, each plus `offset`. */
function firstBytes(id: string, featureSize: number, offset: number) {
  const encoder = {
    ...{ id, featureSize, inputWidth: 2, inputHeight: 2, pictureFit: 'fill' as const, numFrames: 0 },
    encode(pixels: Uint8Array, numFrames: number) {
      encoder.numFrames += numFrames;
      const features = Float32Array.from(
        { length: numFrames * featureSize },
        (_, at) => pixels[12 * Math.floor(at / featureSize) + (at % featureSize)]! + offset,
      );
      return Promise.resolve(features);
    },
    dispose: () => undefined,
  };
  return encoder;
}

function join(...parts: FrameEncoder[]): FrameEncoder {
  return {
    ...parts[0]!,
    id: parts.map(({ id }) => id).join('+'),
    parts,
    encode: () => Promise.reject(new Error('Only its parts are to encode.')),
  };
}

it('caches encoders that are joined each by itself, so that each encodes a video once', async () => {
  const cache = new FeatureCache(new FeatureStore(folder));
  const options = { frameRate: 5, cache };
  const [a, b, c] = [firstBytes('a', 1, 0), firstBytes('b', 2, 1000), firstBytes('c', 1, 2000)];
  const alone = await featuresOf(VIDEO, a, options);
  const { length } = alone.timesSec;
  expect(length).toBeGreaterThan(3);
  expect([a.numFrames, alone.isCached]).toEqual([length, false]);

  const joined = await featuresOf(VIDEO, join(a, b), options);
  expect([a.numFrames, b.numFrames, joined.isCached]).toEqual([length, length, false]);
  expect(joined.timesSec).toEqual(alone.timesSec);
  const first = await loadFeatures(alone.features);
  const second = await loadFeatures((await featuresOf(VIDEO, b, options)).features);
  const expected = [...first].flatMap((value, frame) => [value, second[2 * frame]!, second[2 * frame + 1]!]);
  expect([...(await loadFeatures(joined.features))]).toEqual(expected);

  const other = await featuresOf(VIDEO, join(c, a), options);
  const again = await featuresOf(VIDEO, join(c, a), options);
  expect([a, b, c].map(({ numFrames }) => numFrames)).toEqual([length, length, length]);
  expect([other.isCached, again.isCached]).toEqual([false, true]);
  expect([...(await loadFeatures(again.features))].slice(0, 2)).toEqual([first[0]! + 2000, first[0]]);
});
