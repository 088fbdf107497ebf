import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFrameEncoder } from '../../../src/encoder/create-frame-encoder.js';
import { EncoderPool } from '../../../src/encoder/pool/encoder-pool.js';
import type { EncoderSpec } from '../../../src/encoder/encoder-spec.js';
import { EncoderError, ShapeError, UsageError, WorkerError } from '../../../src/errors.js';
import { MISBEHAVIOR } from './misbehaving-worker.js';
import { writeGraphModel } from '../tiny-models.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'framewise-pool-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('createFrameEncoder', () => {
  const pixels = new Uint8Array(3 * 72).map((_, index) => (index * 41) % 256);

  it('returns the same bytes on workers as in this thread', async () => {
    const spec = await writeGraphModel(folder);
    const inThread = await createFrameEncoder(spec, { workers: 0, backend: 'wasm' });
    const pool = await createFrameEncoder(spec, { workers: 2, backend: 'wasm' });
    const features = await inThread.encode(pixels, 3);
    const batches = await Promise.all(Array.from({ length: 6 }, () => pool.encode(pixels, 3)));
    for (const batch of batches) expect(batch).toEqual(features);
    expect([pool.id, pool.featureSize, pool.concurrency]).toEqual([inThread.id, 2, 2]);
    inThread.dispose();
    pool.dispose();
  });

  it('leaves the pixels with the caller, whatever kind of memory they lie in', async () => {
    const pool = await createFrameEncoder(await writeGraphModel(folder), { workers: 1, backend: 'wasm' });
    const shared = new Uint8Array(new SharedArrayBuffer(pixels.length));
    shared.set(pixels);
    const before = pixels.slice();
    expect(await pool.encode(pixels, 3)).toEqual(await pool.encode(shared, 3));
    expect(pixels).toEqual(before);
    expect(shared).toEqual(before);
    pool.dispose();
  });

  it('leaks no tensor in this thread', async () => {
    const spec = await writeGraphModel(folder);
    const { numTensors } = tf.memory();
    const pool = await createFrameEncoder(spec, { workers: 1, backend: 'wasm' });
    await pool.encode(pixels, 3);
    await pool.encode(pixels, 3);
    expect(tf.memory().numTensors).toBe(numTensors);
    pool.dispose();
  });

  it('throws the EncoderError of a model that a worker cannot load', async () => {
    const spec: EncoderSpec = { ...(await writeGraphModel(folder)), outputNode: 'absent' };
    const error = await createFrameEncoder(spec, { workers: 2, backend: 'wasm' }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(EncoderError);
    expect((error as EncoderError).message).toMatch(/has no node "absent"/);
  });

  it('throws the EncoderError of a model that was removed before the second worker started', async () => {
    const spec = await writeGraphModel(folder);
    const pool = await createFrameEncoder(spec, { workers: 2, backend: 'wasm' });
    await rm(spec.path);
    const [first, ...others] = await Promise.allSettled([1, 2, 3].map(() => pool.encode(pixels, 3)));
    expect(first).toMatchObject({ status: 'fulfilled' });
    expect(others.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: expect.any(EncoderError) as Error },
    ]);
    await expect(pool.encode(pixels, 3)).resolves.toHaveLength(6);
    pool.dispose();
  });

  it('refuses to mix the features of a model that changed on disk', async () => {
    const spec = await writeGraphModel(folder);
    const pool = await createFrameEncoder(spec, { workers: 2, backend: 'wasm' });
    await writeFile(path.join(folder, 'first.bin'), new Uint8Array(24));
    const results = await Promise.allSettled([pool.encode(pixels, 3), pool.encode(pixels, 3)]);
    expect(results[1]).toMatchObject({
      reason: { message: expect.stringContaining('changed on disk') as string },
    });
    pool.dispose();
  });

  it.each([-1, 1.5, NaN])('refuses %d workers', async (workers) => {
    await expect(createFrameEncoder(undefined, { workers })).rejects.toBeInstanceOf(UsageError);
  });

  it('lets a program end although it was not disposed', async () => {
    const program = fileURLToPath(new URL('./forgetful-program.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program], {
      timeout: 60_000,
    });
    expect(stdout).toBe('1280,1280');
  });
});

describe('EncoderPool', () => {
  const deaths: WorkerError[] = [];
  let pool: EncoderPool;

  beforeEach(async () => {
    deaths.length = 0;
    pool = await startPool(2);
  });
  afterEach(() => pool.dispose());

  function startPool(numWorkers: number): Promise<EncoderPool> {
    const spec: EncoderSpec = {
      kind: 'graph',
      path: folder,
      inputWidth: 1,
      inputHeight: 1,
      pixelRange: [0, 255],
    };
    const workerUrl = new URL('./misbehaving-worker.ts', import.meta.url);
    return EncoderPool.start(spec, {
      numWorkers,
      backend: 'cpu',
      workerUrl,
      onWorkerDeath: (error) => deaths.push(error),
    });
  }
  const encode = async (byte: number): Promise<number[]> => [
    ...(await pool.encode(Uint8Array.of(byte, 0, 0), 1)),
  ];
  const numThreads = async (): Promise<number> =>
    (await readdir(folder)).filter((name) => name.startsWith('thread-')).length;

  it('resolves each of many overlapping batches with its own features', async () => {
    const bytes = Array.from({ length: 100 }, (_, byte) => byte);
    expect(await Promise.all(bytes.map(encode))).toEqual(bytes.map((byte) => [byte]));
    expect(await numThreads()).toBe(2);
    expect(deaths).toEqual([]);
  });

  it('starts another worker only when there is work for it', async () => {
    for (const byte of [1, 2, 3]) await encode(byte);
    expect(await numThreads()).toBe(1);
  });

  it('retries a batch whose worker died, and reports the cause', async () => {
    const results = await Promise.all([1, MISBEHAVIOR.throwOnce, 3, 4].map(encode));
    expect(results).toEqual([[1], [MISBEHAVIOR.throwOnce], [3], [4]]);
    expect(deaths).toHaveLength(1);
    expect(deaths[0]).toBeInstanceOf(WorkerError);
    expect(deaths[0]!.message).toMatch(
      /died on a batch of 1 frames, which will be tried again: Out of WebAssembly memory\./,
    );
    expect(deaths[0]!.cause).toMatchObject({ name: 'RangeError' });
  });

  it.each([
    ['throw', /Two encoder workers died on a batch of 1 frames: Out of WebAssembly memory\./],
    ['exit', /Two encoder workers died on a batch of 1 frames: The thread ended with exit code 7\./],
  ] as const)(
    'gives up on a batch whose second worker dies too (%s), and serves the others',
    async (how, message) => {
      const results = await Promise.allSettled([1, MISBEHAVIOR[how], 3, 4, 5].map(encode));
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
        'fulfilled',
      ]);
      const { reason } = results[1] as { reason: WorkerError };
      expect(reason).toBeInstanceOf(WorkerError);
      expect(reason.message).toMatch(message);
      expect(reason.cause).toBeInstanceOf(Error);
      expect(deaths).toHaveLength(1);
      await expect(encode(6)).resolves.toEqual([6]);
    },
  );

  it('replaces a worker that died while idle', async () => {
    pool.dispose();
    pool = await startPool(1);
    await expect(encode(MISBEHAVIOR.answerThenExit)).resolves.toEqual([MISBEHAVIOR.answerThenExit]);
    await sleep(500);
    await expect(encode(5)).resolves.toEqual([5]);
    expect(deaths.map(({ message }) => message)).toEqual([expect.stringMatching(/died.*exit code 3\./)]);
  });

  it('fails all batches if workers can no longer start', async () => {
    await writeFile(path.join(folder, 'die-at-start'), '');
    const results = await Promise.allSettled([MISBEHAVIOR.exit, 2, 3, 4].map(encode));
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(WorkerError);
    }
    expect(results[0]!.status).toBe('rejected');
    await expect(startPool(1)).rejects.toThrow(
      /died before it was ready: The thread ended with exit code 9\./,
    );
  });

  it('rejects current and later batches once disposed', async () => {
    const batches = [encode(MISBEHAVIOR.hang), encode(MISBEHAVIOR.hang), encode(1), encode(2)];
    const results = Promise.allSettled(batches);
    await sleep(50);
    pool.dispose();
    for (const result of await results) {
      expect(result).toMatchObject({
        reason: { code: 'ERR_ENCODER', message: expect.stringContaining('disposed') as string },
      });
    }
    await expect(encode(1)).rejects.toThrow(/has been disposed/);
    expect(deaths).toEqual([]);
  });

  it('refuses pixels of another size', async () => {
    await expect(pool.encode(new Uint8Array(4), 1)).rejects.toBeInstanceOf(ShapeError);
  });
});
