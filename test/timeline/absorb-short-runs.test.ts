import { describe, expect, it } from 'vitest';
import { PriorityQueue } from '../../src/timeline/absorb-short-runs.js';

describe('PriorityQueue', () => {
  it('gives items back in the order that sorting gives, pushes and pops mixed', () => {
    const queue = new PriorityQueue<number>((a, b) => a - b);
    let waiting: number[] = [];
    for (let step = 0; step < 2000; step++) {
      const item = (step * 7919) % 613; // repeats, in no order
      queue.push(item);
      waiting.push(item);
      if (step % 3 === 0) {
        waiting = waiting.sort((a, b) => a - b);
        expect(queue.pop()).toBe(waiting.shift());
      }
    }
    const rest = waiting.sort((a, b) => a - b);
    expect(rest.map(() => queue.pop())).toEqual(rest);
    expect(queue.pop()).toBeUndefined();
  });
});
