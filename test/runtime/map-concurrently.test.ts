import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { mapConcurrently } from '../../src/runtime/map-concurrently.js';

describe('mapConcurrently', () => {
  it('works on at most the given number of items at a time and keeps the order of the results', async () => {
    let numRunning = 0;
    const seen: number[] = [];
    const results = await mapConcurrently([30, 1, 10, 1, 1], 2, async (ms) => {
      seen.push(++numRunning);
      await sleep(ms);
      numRunning--;
      return 2 * ms;
    });
    expect(results).toEqual([60, 2, 20, 2, 2]);
    expect(Math.max(...seen)).toBe(2);
    expect(await mapConcurrently([], 2, () => Promise.resolve(1))).toEqual([]);
  });

  it('aborts the other items at the first failure, waits for them, starts no more and throws the failure', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const failure = new Error('disk full');
    const work = async (item: number, signal: AbortSignal) => {
      begun.push(item);
      if (item === 1) throw failure;
      await sleep(60_000, undefined, { signal }).catch(() => undefined);
      ended.push(item);
      signal.throwIfAborted();
    };
    await expect(mapConcurrently([0, 1, 2, 3], 2, work)).rejects.toBe(failure);
    expect({ begun, ended }).toEqual({ begun: [0, 1], ended: [0] });
  });

  it("throws the reason of the caller's signal", async () => {
    const controller = new AbortController();
    const work = async (_: number, signal: AbortSignal) => {
      controller.abort(new Error('Ctrl+C'));
      await sleep(60_000, undefined, { signal });
    };
    await expect(mapConcurrently([1, 2], 1, work, controller.signal)).rejects.toThrow('Ctrl+C');
  });
});
