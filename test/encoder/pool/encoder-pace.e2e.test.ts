import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { measureEncoderPace } from '../../../src/encoder/create-frame-encoder.js';
import { startBackend } from '../../../src/runtime/backend.js';

const native = process.env['FRAMEWISE_NATIVE'];

afterEach(() => {
  if (native === undefined) delete process.env['FRAMEWISE_NATIVE'];
  else process.env['FRAMEWISE_NATIVE'] = native;
});

describe('measureEncoderPace', () => {
  it('measures the frames per second of a backend and keeps the running one', async () => {
    await startBackend('cpu');
    const pace = await measureEncoderPace('wasm');
    expect(pace).toEqual({ framesPerSec: expect.any(Number) as number });
    expect((pace as { framesPerSec: number }).framesPerSec).toBeGreaterThan(0);
    expect(tf.getBackend()).toBe('cpu');
  });

  it('returns the reason if a backend does not start', async () => {
    process.env['FRAMEWISE_NATIVE'] = path.join(tmpdir(), 'framewise-no-native');
    await expect(measureEncoderPace('tensorflow-gpu')).resolves.toEqual({
      reason: expect.stringContaining('"tensorflow-gpu"') as string,
    });
  });
});
