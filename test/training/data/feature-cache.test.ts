import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FeatureStore, type FeatureKey } from '../../../src/encoder/features/feature-store.js';
import { DatasetError } from '../../../src/errors.js';
import { startBackend } from '../../../src/runtime/backend.js';
import { FeatureCache } from '../../../src/training/data/feature-cache.js';
import { trainLabeler } from '../../../src/training/loop/train-labeler.js';
import { drawWaves, WAVE_LABELS, WAVE_NETWORK } from '../loop/waves.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-features-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const keyOf = (number: number): FeatureKey => ({
  contentHash: String(number),
  encoderId: 'test',
  frameRate: 10,
});

describe('FeatureCache', () => {
  it('reads a video again only when there was no room to keep it, the longest unused going first', async () => {
    const store = new FeatureStore(folder);
    for (const number of [1, 2, 3]) {
      const features = Float32Array.of(number, number);
      await store.write(keyOf(number), { timesSec: Float64Array.of(0, 1), features, featureSize: 1 });
    }
    const reads: string[] = [];
    const read = store.read.bind(store);
    store.read = (key) => {
      reads.push(key.contentHash);
      return read(key);
    };
    const cache = new FeatureCache(store, 16); // two videos of eight bytes
    const load = async (number: number) => [...(await cache.load(keyOf(number), `${number}.mp4`))];
    for (const number of [1, 2, 1, 3, 1, 2]) expect(await load(number)).toEqual([number, number]);
    expect(reads.join('')).toBe('1232');
  });

  it('names the video whose features are missing', async () => {
    const store = new FeatureStore(path.join(folder, 'emptied'));
    await store.write(keyOf(1), {
      timesSec: Float64Array.of(0),
      features: Float32Array.of(1),
      featureSize: 1,
    });
    for (const name of await readdir(store.folder)) await rm(path.join(store.folder, name));
    const loading = new FeatureCache(store).load(keyOf(1), 'street.mp4');
    await expect(loading).rejects.toThrow(DatasetError);
    await expect(loading).rejects.toThrow(/features of "street.mp4" are no longer in/);
  });
});

it('reads the features of a video only when a lane reaches it', async () => {
  await startBackend('cpu');
  const store = new FeatureStore(path.join(folder, 'waves'));
  const cache = new FeatureCache(store, 0);
  const waves = drawWaves(6, 1).map((wave) => ({ ...wave, numFrames: 8, targets: wave.targets.slice(0, 8) }));
  for (const [number, { features }] of waves.entries()) {
    const first = { timesSec: new Float64Array(8), features: features.slice(0, 8 * 2), featureSize: 2 };
    await store.write(keyOf(number), first);
  }
  let numReads = 0;
  const read = store.read.bind(store);
  store.read = (key) => {
    numReads++;
    return read(key);
  };
  const stored = waves.map((wave, number) => ({
    ...wave,
    features: () => cache.load(keyOf(number), 'a wave'),
  }));
  const readsBySteps: number[] = [];
  const { labeler } = await trainLabeler(stored, [], {
    data: { labels: WAVE_LABELS },
    network: WAVE_NETWORK,
    optimizer: { epochs: 1, numLanes: 2, chunkLength: 4 },
    onStep: () => readsBySteps.push(numReads),
  });
  labeler.dispose();
  const between = readsBySteps.slice(1).map((reads, step) => reads - readsBySteps[step]!);
  expect(between).toEqual([0, 2, 0, 2, 0]); // a video is two chunks long, and two lanes show six of them
});
