import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FeatureStore, type FeatureKey } from '../../src/encoder/feature-store.js';
import { DatasetError } from '../../src/errors.js';
import { FeatureCache } from '../../src/training/feature-cache.js';

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

  it('says which video’s features are gone', async () => {
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
