import { expect, it } from 'vitest';
import { DelayStatistics } from '../../src/cli/commands/label-live.js';

it('DelayStatistics returns the delay that a share of all delays did not exceed', () => {
  const delays = new DelayStatistics();
  for (let delayMs = 100; delayMs >= 1; delayMs--) delays.add(delayMs);
  expect([0, 0.01, 0.5, 0.95, 1].map((share) => delays.percentile(share))).toEqual([1, 1, 50, 95, 100]);
});

it('DelayStatistics is accurate to half a percent for delays of any size', () => {
  const delays = new DelayStatistics();
  for (let i = 0; i <= 100_000; i++) delays.add(0.01 * 1.0002 ** i);
  const median = 0.01 * 1.0002 ** 50_000;
  expect(Math.abs(delays.percentile(0.5)! / median - 1)).toBeLessThan(0.0051);
});

it('DelayStatistics returns undefined without delays', () => {
  expect(new DelayStatistics().percentile(0.5)).toBeUndefined();
});
