import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFrameEncoder } from '../../src/encoder/create-frame-encoder.js';
import { DEFAULT_ENCODER } from '../../src/encoder/encoder-spec.js';
import { startBackend } from '../../src/runtime/backend.js';
import { describeBackends } from '../../src/runtime/backend-report.js';
import { framewise } from '../cli/command-line.js';

const isWanted = process.env['FRAMEWISE_TEST_NATIVE'] === '1';
const notWanted = isWanted
  ? ''
  : ' (skipped: FRAMEWISE_TEST_NATIVE=1 builds it, with 270 MB from the network)';
const BUILD_TIMEOUT_MS = 900_000;

describe.skipIf(!isWanted)(`the backend that setup-native builds${notWanted}`, () => {
  let temporary: string | undefined;

  beforeAll(async () => {
    if (!process.env['FRAMEWISE_NATIVE']) {
      temporary = await mkdtemp(path.join(tmpdir(), 'framewise-native-'));
      process.env['FRAMEWISE_NATIVE'] = temporary;
    }
    const { exitCode, stdout, stderr } = await framewise('setup-native');
    expect(stderr).toContain('compiler');
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('works, with TensorFlow') as string,
    });
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    if (!temporary) return;
    expect((await framewise('setup-native', '--undo')).stdout).toContain('Removed');
    delete process.env['FRAMEWISE_NATIVE'];
    await rm(temporary, { recursive: true });
  });

  it('is reported by the doctor with the version of its TensorFlow', async () => {
    const reports = await describeBackends();
    expect(reports.find(({ name }) => name === 'tensorflow')).toMatchObject({
      isAvailable: true,
      version: '4.22.0 with TensorFlow 2.21.0',
      device: 'cpu',
    });
  });

  it('is not built a second time', async () => {
    const { stdout, stderr } = await framewise('setup-native');
    expect(stdout).toContain('Everything was already there.');
    expect(stderr).not.toContain('installs');
  });

  it('runs kernels that call operations as methods, and kernels for integers', async () => {
    await startBackend('tensorflow');
    const numTensors = tf.memory().numTensors;
    tf.tidy(() => {
      const values = tf.tensor1d([-2, 0, 3]);
      expect(Array.from(tf.prelu(values, tf.tensor1d([0.5, 0.5, 0.5])).dataSync())).toEqual([-1, 0, 3]);
      expect(tf.exp(tf.tensor1d([0, 1], 'int32')).dataSync()[1]).toBeCloseTo(Math.E, 5);
      expect(tf.argMax(tf.tensor1d([false, true, false], 'bool')).dataSync()[0]).toBe(1);
    });
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('encodes frames as wasm does, in two workers and the main thread at the same time', async () => {
    const numFrames = 4;
    const pixels = new Uint8Array(new SharedArrayBuffer(numFrames * 192 * 192 * 3));
    pixels.forEach((_, position) => (pixels[position] = (position * 2654435761) >>> 24));
    const wasm = await createFrameEncoder(DEFAULT_ENCODER, { workers: 1, backend: 'wasm' });
    const pool = await createFrameEncoder(DEFAULT_ENCODER, { workers: 2, backend: 'tensorflow' });
    const here = await createFrameEncoder(DEFAULT_ENCODER, { workers: 0, backend: 'tensorflow' });
    try {
      const expected = await wasm.encode(pixels, numFrames);
      const encoders = [here, pool, pool, pool];
      for (const features of await Promise.all(
        encoders.map((encoder) => encoder.encode(pixels, numFrames)),
      )) {
        expect(features.length).toBe(expected.length);
        // Sums of a thousand products, in another order.
        const differences = features.map((value, position) => Math.abs(value - expected[position]!));
        expect(Math.max(...differences)).toBeLessThan(1e-4);
      }
    } finally {
      for (const encoder of [wasm, pool, here]) encoder.dispose();
    }
  });
});
