import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FeatureStore, hashVideo, type FeatureKey } from '../../../src/encoder/features/feature-store.js';
import { OutputError, VideoOpenError } from '../../../src/errors.js';
import { encodeTensorFile, type StoredTensor } from '../../../src/tensors/tensor-file.js';

let folder: string;
let store: FeatureStore;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'framewise-store-'));
  store = new FeatureStore(path.join(folder, 'cache'));
});
afterEach(() => rm(folder, { recursive: true }));

/** The entry below, as the store wrote it before its entries were safetensors files. */
const EARLIER_ENTRY = path.join(
  import.meta.dirname,
  '../../../fixtures/golden/earlier-formats/344587edde1c43bb7d26543626f7d377.features',
);

const key: FeatureKey = { contentHash: 'ab12', encoderId: 'movenet-lightning-17d9', frameRate: 12.5 };
const entry = {
  timesSec: Float64Array.of(0, 1 / 3, 0.7),
  features: Float32Array.of(0.1, -2, 3e-8, 4, 5, 6),
  featureSize: 2,
  video: {
    ...{ source: 'vidéo "1".mp4', width: 640, height: 360, rotationDegrees: 90, frameRate: 29.97 },
    ...{ durationSec: 1.5, startSec: 0, codec: 'h264' },
  },
};

describe('FeatureStore', () => {
  it('returns exactly what was written', async () => {
    await store.write(key, entry);
    await expect(store.read({ ...key })).resolves.toEqual(entry);
  });

  it('writes arrays that are views into larger memory, and keeps the video optional', async () => {
    const memory = new Float32Array(20).map((_, index) => index);
    const view = { timesSec: Float64Array.of(1), features: memory.subarray(7, 11), featureSize: 4 };
    await store.write(key, view);
    await expect(store.read(key)).resolves.toEqual({ ...view, features: Float32Array.of(7, 8, 9, 10) });
  });

  it('holds a video without frames', async () => {
    await store.write(key, { timesSec: new Float64Array(0), features: new Float32Array(0), featureSize: 2 });
    expect((await store.read(key))?.features).toHaveLength(0);
  });

  it('finds nothing for another content, encoder or rate', async () => {
    await store.write(key, entry);
    await expect(store.read({ ...key, contentHash: 'ab13' })).resolves.toBeUndefined();
    await expect(store.read({ ...key, encoderId: 'movenet-lightning-17da' })).resolves.toBeUndefined();
    await expect(store.read({ ...key, frameRate: 12 })).resolves.toBeUndefined();
  });

  it.each([0, 5, 40, 150])('treats an entry cut after %i bytes as absent', async (length) => {
    await store.write(key, entry);
    await truncate(await onlyFile(), length);
    await expect(store.read(key)).resolves.toBeUndefined();
  });

  it('treats an entry as absent wherever one of its bits has flipped', async () => {
    await store.write(key, entry);
    const file = await onlyFile();
    const bytes = await readFile(file);
    for (let position = 0; position < bytes.length; position++) {
      const damaged = Buffer.from(bytes);
      damaged[position]! ^= 1;
      await writeFile(file, damaged);
      await expect(store.read(key)).resolves.toBeUndefined();
    }
  });

  it('treats an entry with a valid checksum as absent if its content is not that of a video', async () => {
    const canonical = JSON.stringify([key.contentHash, key.encoderId, key.frameRate]);
    await store.write(key, entry);
    const file = await onlyFile();
    const times = { shape: [2], values: Float64Array.of(0, 1) };
    const features = { shape: [2, 1], values: Float32Array.of(1, 2) };
    const video = JSON.stringify(entry.video);
    const forge = async (metadata: Record<string, string>, tensors: Record<string, StoredTensor>) => {
      const format = { name: 'framewise-features', version: 2 };
      const content = {
        metadata: { key: canonical, ...metadata },
        tensors: new Map(Object.entries(tensors)),
      };
      await writeFile(file, encodeTensorFile(format, content));
      return store.read(key);
    };
    expect(await forge({ video }, { timesSec: times, features })).toBeDefined();
    for (const tensors of [
      { timesSec: times },
      { features },
      { timesSec: features, features: times },
      { timesSec: { shape: [1], values: Float64Array.of(0) }, features },
      { timesSec: { shape: [2], values: Float64Array.of(1, 0) }, features },
      { timesSec: times, features: { shape: [2, 1], values: Float32Array.of(1, NaN) } },
    ] as Record<string, StoredTensor>[]) {
      expect(await forge({ video }, tensors)).toBeUndefined();
    }
    for (const other of ['{', '[]', '{"source":1}', JSON.stringify({ ...entry.video, width: -1 })]) {
      expect(await forge({ video: other }, { timesSec: times, features })).toBeUndefined();
    }
  });

  it('replaces a damaged entry', async () => {
    await store.write(key, entry);
    await truncate(await onlyFile(), 30);
    await store.write(key, entry);
    await expect(store.read(key)).resolves.toEqual(entry);
  });

  it('reads an entry that an earlier version wrote, and prefers a new one', async () => {
    await mkdir(store.folder);
    const earlier = path.join(store.folder, path.basename(EARLIER_ENTRY));
    await copyFile(EARLIER_ENTRY, earlier);
    await expect(store.read(key)).resolves.toEqual(entry);
    await expect(store.read({ ...key, isMirrored: true })).resolves.toBeUndefined();
    await store.write(key, { ...entry, timesSec: Float64Array.of(5, 6, 7) });
    expect((await store.read(key))?.timesSec).toEqual(Float64Array.of(5, 6, 7));
  });

  it('treats an earlier entry as absent wherever one of its bits has flipped', async () => {
    await mkdir(store.folder);
    const bytes = await readFile(EARLIER_ENTRY);
    for (let position = 0; position < bytes.length; position++) {
      const damaged = Buffer.from(bytes);
      damaged[position]! ^= 1;
      await writeFile(path.join(store.folder, path.basename(EARLIER_ENTRY)), damaged);
      await expect(store.read(key)).resolves.toBeUndefined();
    }
  });

  it('says that a folder cannot be written', async () => {
    await writeFile(path.join(folder, 'file'), '');
    const broken = new FeatureStore(path.join(folder, 'file', 'cache'));
    await expect(broken.read(key)).resolves.toBeUndefined();
    await expect(broken.write(key, entry)).rejects.toBeInstanceOf(OutputError);
  });

  it('makes its key from the content of the video', async () => {
    await writeFile(path.join(folder, 'abc.mp4'), 'abc');
    const made = await store.keyOf(path.join(folder, 'abc.mp4'), 'encoder', 10);
    // SHA-256 of "abc", FIPS 180-2 appendix B.1.
    const contentHash = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(made).toEqual({ contentHash, encoderId: 'encoder', frameRate: 10 });
  });

  async function onlyFile(): Promise<string> {
    const files = await readdir(store.folder);
    expect(files).toHaveLength(1);
    return path.join(store.folder, files[0]!);
  }
});

describe('hashVideo', () => {
  it('is the same for a renamed or copied file', async () => {
    await writeFile(path.join(folder, 'a.mp4'), 'content');
    await writeFile(path.join(folder, 'b.avi'), 'content');
    expect(await hashVideo(path.join(folder, 'a.mp4'))).toBe(await hashVideo(path.join(folder, 'b.avi')));
  });

  it('depends on the names and the contents of a folder of images', async () => {
    const hashes = new Set<string>();
    const folders: Record<string, string>[] = [
      { '1.png': 'ab', '2.png': 'c' },
      { '1.png': 'a', '2.png': 'bc' },
      { '1.png': 'ab', '3.png': 'c' },
      { '1.png': 'c', '2.png': 'ab' },
    ];
    for (const [index, files] of folders.entries()) {
      const images = path.join(folder, String(index));
      await mkdir(images);
      for (const [name, content] of Object.entries(files)) await writeFile(path.join(images, name), content);
      hashes.add(await hashVideo(images));
    }
    expect(hashes.size).toBe(folders.length);
  });

  it.skipIf(process.platform === 'win32')('waits for no pipe, by itself or in a folder', async () => {
    const pipe = path.join(folder, 'pipe.mp4');
    await promisify(execFile)('mkfifo', [pipe]);
    await expect(hashVideo(pipe)).rejects.toThrow('it is neither a file nor a folder');
    expect(await hashVideo(folder)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('names a video that is missing', async () => {
    const missing = path.join(folder, 'missing.mp4');
    await expect(hashVideo(missing)).rejects.toBeInstanceOf(VideoOpenError);
    await expect(hashVideo(missing)).rejects.toThrow(missing);
  });
});
