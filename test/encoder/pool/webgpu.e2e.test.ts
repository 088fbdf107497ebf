import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFrameEncoder } from '../../../src/encoder/create-frame-encoder.js';
import { EncoderPool } from '../../../src/encoder/pool/encoder-pool.js';
import { DEFAULT_ENCODER } from '../../../src/encoder/encoder-spec.js';
import type { WorkerError } from '../../../src/errors.js';
import { useSoftwareGpu } from '../../software-gpu.js';
import { expectedFeatures, writeGraphModel } from '../tiny-models.js';

const skipReason = useSoftwareGpu();
const pixels = Uint8Array.from({ length: 3 * 4 * 6 * 3 }, (_, byte) => (byte * 31) % 256);

describe.skipIf(skipReason)(`an encoder on webgpu${skipReason}`, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'framewise-webgpu-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('runs on one worker with large batches if the device is a software device', async () => {
    const encoder = await createFrameEncoder(await writeGraphModel(folder), { backend: 'webgpu' });
    const features = await encoder.encode(pixels, 3);
    expectedFeatures(pixels, 3).forEach((value, index) => expect(features[index]).toBeCloseTo(value, 2));
    expect(encoder).toMatchObject({ concurrency: 1, batchSize: 32 });
    encoder.dispose();
  });

  it('encodes a batch again on another device if its device was lost', async () => {
    const deaths: WorkerError[] = [];
    const encoder = await EncoderPool.start(await writeGraphModel(folder), {
      numWorkers: 1,
      backend: 'webgpu',
      onWorkerDeath: (error) => deaths.push(error),
      workerUrl: new URL('./device-losing-worker.js', import.meta.url),
    });
    const batches = await Promise.all([1, 2, 3].map(() => encoder.encode(pixels, 3)));
    for (const features of batches) {
      expectedFeatures(pixels, 3).forEach((value, index) => expect(features[index]).toBeCloseTo(value, 2));
    }
    expect(deaths.map(({ message }) => message)).toEqual([
      expect.stringMatching(/tried again: The device ".+" was lost/),
    ]);
    encoder.dispose();
  });

  it(
    'gives the default network the features that it has on wasm, to 1e-4',
    { timeout: 600_000 },
    async () => {
      const picture = Uint8Array.from({ length: 192 * 192 * 3 }, (_, byte) => {
        const [x, y] = [Math.floor(byte / 3) % 192, Math.floor(byte / 576)];
        return 128 + 127 * Math.sin((x * (byte % 3)) / 19 + y / 23);
      });
      const [onWasm, onWebGpu] = [
        await createFrameEncoder(DEFAULT_ENCODER, { backend: 'wasm', workers: 1 }),
        await createFrameEncoder(DEFAULT_ENCODER, { backend: 'webgpu' }),
      ];
      const [expected, features] = [await onWasm.encode(picture, 1), await onWebGpu.encode(picture, 1)];
      expect(onWebGpu.id).toBe(onWasm.id);
      const differences = features.map((value, index) => Math.abs(value - expected[index]!));
      expect(Math.max(...differences)).toBeLessThan(1e-4);
      expect(Math.max(...features)).toBeGreaterThan(0.1);
      onWasm.dispose();
      onWebGpu.dispose();
    },
  );
});
