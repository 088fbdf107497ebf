import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/training/data/random.js';
import { batchWhole, walkInLanes, type LaneChunk } from '../../../src/training/loop/lanes.js';

const walk = (lengths: number[], numLanes: number, chunkLength: number): LaneChunk[][] => [
  ...walkInLanes(lengths, { numLanes, chunkLength }),
];

describe('walkInLanes', () => {
  it('visits every frame of every sequence exactly once, in order within a sequence', () => {
    const lengths = [7, 1, 12, 4, 0, 9];
    const seen = lengths.map((): number[] => []);
    for (const { sequence, start, length } of walk(lengths, 3, 4).flat()) {
      for (let frame = start; frame < start + length; frame++) seen[sequence]?.push(frame);
    }
    expect(seen).toEqual(lengths.map((length) => [...Array(length).keys()]));
  });

  it('resets a lane at each sequence and continues within one', () => {
    const [lane] = [walk([5, 3], 1, 2).map(([chunk]) => chunk)];
    expect(lane).toEqual([
      { sequence: 0, start: 0, length: 2, isFirst: true },
      { sequence: 0, start: 2, length: 2, isFirst: false },
      { sequence: 0, start: 4, length: 1, isFirst: false },
      { sequence: 1, start: 0, length: 2, isFirst: true },
      { sequence: 1, start: 2, length: 1, isFirst: false },
    ]);
  });

  it('gives a lane that ends the next sequence while the others continue', () => {
    expect(walk([2, 4, 2], 2, 2)).toEqual([
      [
        { sequence: 0, start: 0, length: 2, isFirst: true },
        { sequence: 1, start: 0, length: 2, isFirst: true },
      ],
      [
        { sequence: 2, start: 0, length: 2, isFirst: true },
        { sequence: 1, start: 2, length: 2, isFirst: false },
      ],
    ]);
  });

  it('lets a lane idle if no sequence is left, and has no more lanes than sequences', () => {
    const chunks = walk([2, 6], 8, 2);
    expect(chunks.map((lanes) => lanes.length)).toEqual([2, 2, 2]);
    expect(chunks[2]?.[0]).toEqual({ sequence: -1, start: 0, length: 0, isFirst: true });
  });

  it('yields nothing without frames', () => {
    expect(walk([], 4, 8)).toEqual([]);
    expect(walk([0, 0], 4, 8)).toEqual([]);
  });
});

describe('batchWhole', () => {
  const lengths = Array.from({ length: 50 }, (_, i) => (i * 37) % 101); // 0 to 100, unordered
  const batches = batchWhole(lengths, { batchSize: 4, random: createRandom(1) });

  it('visits every sequence once, whole and from its start', () => {
    const chunks = batches.flat();
    expect(chunks.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(
      [...lengths.keys()].filter((sequence) => lengths[sequence]! > 0),
    );
    for (const { sequence, start, length, isFirst } of chunks) {
      expect([start, length, isFirst]).toEqual([0, lengths[sequence], true]);
    }
  });

  it('needs less padding than batches in the given order, and is not sorted by length', () => {
    const filled = (lists: number[][]) =>
      lists.reduce((sum, list) => sum + Math.max(...list) * list.length, 0);
    const inOrder = Array.from({ length: 13 }, (_, i) => lengths.slice(4 * i, 4 * i + 4));
    const chosen = batches.map((batch) => batch.map(({ length }) => length));
    expect(filled(chosen)).toBeLessThan(0.75 * filled(inOrder));
    const longest = chosen.map((batch) => Math.max(...batch));
    expect(longest).not.toEqual([...longest].sort((a, b) => a - b));
  });
});
