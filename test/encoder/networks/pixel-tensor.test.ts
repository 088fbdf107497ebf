import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { PixelScaler } from '../../../src/encoder/networks/pixel-tensor.js';
import { startBackend, type BackendName } from '../../../src/runtime/backend.js';
import { describeBackends } from '../../../src/runtime/backend-report.js';
import { useSoftwareGpu } from '../../software-gpu.js';

useSoftwareGpu();
const reports = await describeBackends();

describe.each(reports.map(({ name, isAvailable }) => ({ name, isAvailable })))(
  'pixels on $name',
  ({ name, isAvailable }) => {
    it.skipIf(!isAvailable || isOutdone(name)).each([
      ['four bytes at a time', 0, [2, 4, 6, 3]],
      ['an odd number of them', 0, [1, 3, 5, 3]],
      ['from an odd place', 1, [3, 2, 2, 3]],
    ] as const)('are scaled: %s', async (_, first, shape) => {
      await startBackend(name);
      const scaler = new PixelScaler([-1, 3]);
      const size = tf.util.sizeFromShape([...shape]);
      for (const offset of [0, 40]) {
        const pixels = Uint8Array.from({ length: first + size }, (_, byte) => (byte * 37 + offset) % 256);
        const tensor = scaler.toTensor(pixels.subarray(first), [...shape]);
        expect([tensor.shape, tensor.dtype]).toEqual([shape, 'float32']);
        const values = await tensor.data<'float32'>();
        tensor.dispose();
        expect(values).toHaveLength(size);
        values.forEach((value, index) =>
          expect(value).toBeCloseTo(-1 + (4 * pixels[first + index]!) / 255, 6),
        );
      }
    });
  },
);

/** A process can hold one of the native backends. */
function isOutdone(name: BackendName): boolean {
  return (
    name === 'tensorflow' && reports.some((report) => report.name === 'tensorflow-gpu' && report.isAvailable)
  );
}
