import { expect, it } from 'vitest';
import { DelayStatistics } from '../../src/cli/commands/label-live.js';

it('gives the delay that a share of all did not exceed', () => {
  const delays = new DelayStatistics();
  for (let delayMs = 100; delayMs >= 1; delayMs--) delays.add(delayMs);
  expect([0, 0.01, 0.5, 0.95, 1].map((share) => delays.percentile(share))).toEqual([1, 1, 50, 95, 100]);
});

it('is half a percent off at most, however long and different the delays are', () => {
  const delays = new DelayStatistics();
  for (let i = 0; i <= 100_000; i++) delays.add(0.01 * 1.0002 ** i);
  const median = 0.01 * 1.0002 ** 50_000;
  expect(Math.abs(delays.percentile(0.5)! / median - 1)).toBeLessThan(0.0051);
});

it('knows none where there was none', () => {
  expect(new DelayStatistics().percentile(0.5)).toBeUndefined();
});
