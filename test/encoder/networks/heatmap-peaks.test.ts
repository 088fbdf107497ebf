import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { findPeaks } from '../../../src/encoder/networks/network-encoder.js';
import { startBackend } from '../../../src/runtime/backend.js';

beforeAll(async () => {
  await startBackend('cpu');
});

/** Two heatmaps of 4 rows and 8 columns, zero but for some places. */
function heatmaps(places: [channel: number, row: number, column: number, height: number][]): tf.Tensor4D {
  const buffer = tf.buffer([1, 4, 8, 2]);
  for (const [channel, row, column, height] of places) buffer.set(height, 0, row, column, channel);
  return buffer.toTensor() as tf.Tensor4D;
}

describe('findPeaks', () => {
  it('returns the position and height of each channel’s peak: all x, then all y, then all heights', () => {
    const peaks = findPeaks(
      heatmaps([
        [0, 1, 2, 0.5],
        [1, 3, 7, 0.25],
      ]),
    ).dataSync();
    const expected = [2.5 / 8, 7.5 / 8, 1.5 / 4, 3.5 / 4, 0.5, 0.25];
    expected.forEach((value, i) => expect(peaks[i]).toBeCloseTo(value, 5));
  });

  it('places the peak between two equal neighbors, and near the higher of two unequal ones', () => {
    const peaks = findPeaks(
      heatmaps([
        [0, 0, 2, 0.6],
        [0, 0, 3, 0.6],
        [1, 0, 2, 0.8],
        [1, 0, 3, 0.4],
      ]),
    ).dataSync();
    expect(peaks[0]).toBeCloseTo(3 / 8, 5);
    // Sharpened by the fourth power, the higher weighs 16 times as much.
    expect(peaks[1]).toBeCloseTo((16 * 2.5 + 3.5) / 17 / 8, 5);
  });

  it('returns finite values for a heatmap of zeros', () => {
    expect([...findPeaks(heatmaps([])).dataSync()]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
