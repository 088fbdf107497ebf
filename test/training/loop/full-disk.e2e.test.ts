import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type * as files from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { OutputError } from '../../../src/errors.js';
import { startBackend } from '../../../src/runtime/backend.js';
import { trainLabeler } from '../../../src/training/loop/train-labeler.js';
import { drawWaves, WAVE_LABELS, WAVE_NETWORK } from './waves.js';

const disk = vi.hoisted(() => ({ isFull: false }));

/** A disk that lets files be made but takes no byte once it is full. */
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof files>();
  const open: typeof original.open = async (...args) => {
    const handle = await original.open(...args);
    if (disk.isFull) {
      const error = new Error('ENOSPC: no space left on device, write');
      handle.writeFile = () => Promise.reject(Object.assign(error, { code: 'ENOSPC' }));
    }
    return handle;
  };
  return { ...original, open };
});

let outputDir: string;
beforeAll(async () => {
  await startBackend('wasm');
  outputDir = await mkdtemp(path.join(os.tmpdir(), 'framewise-full-'));
});
afterAll(async () => {
  await rm(outputDir, { recursive: true });
});

it('a disk that fills up ends a training with a clear error; the last checkpoint stays and leads to the same weights', async () => {
  const train = async (run: { resume?: boolean; outputDir?: string } = {}, onStep?: () => void) => {
    const { labeler } = await trainLabeler(drawWaves(4, 1), [], {
      data: { labels: WAVE_LABELS },
      network: WAVE_NETWORK,
      optimizer: { epochs: 3, numLanes: 2, chunkLength: 8 },
      run: { checkpointSteps: 4, ...run },
      onStep,
    });
    const weights = [...(await labeler.exportWeights()).values()];
    labeler.dispose();
    return weights;
  };
  let numSteps = 0;
  const onStep = () => {
    disk.isFull = ++numSteps > 9;
  };
  const error: unknown = await train({ outputDir }, onStep).catch((cause: unknown) => cause);
  disk.isFull = false;
  expect(error).toBeInstanceOf(OutputError);
  expect((error as OutputError).message).toMatch(
    /Cannot write ".*checkpoint.*no space left.*that has room\./,
  );
  const names = await readdir(path.join(outputDir, 'checkpoint'));
  expect(names.filter((name) => name.endsWith('.checkpoint'))).toHaveLength(2);
  expect(names.filter((name) => name.endsWith('.part'))).toEqual([]);
  expect(await train({ outputDir, resume: true })).toEqual(await train());
});
