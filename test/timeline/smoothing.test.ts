import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { labelFrames } from '../../src/timeline/frame-labels.js';
import { segmentFrames } from '../../src/timeline/segments.js';
import type { SegmentPrior } from '../../src/timeline/viterbi.js';
import { PriorityQueue, smoothLabels, type SmoothingOptions } from '../../src/timeline/smoothing.js';
import type { ScoredFrame } from '../../src/timeline/timeline.js';
import { createRandom } from './random.js';

const labels = ['a', 'b', 'c'];
const rows = { a: [0.8, 0.1, 0.1], b: [0.1, 0.8, 0.1], c: [0.1, 0.1, 0.8] } as const;

/** Frames at 10 per second, one per letter. The letter is the most probable label. */
function framesOf(letters: string): ScoredFrame[] {
  const probabilities = [...letters].flatMap((letter) => rows[letter as keyof typeof rows]);
  return labelFrames(labels, Float32Array.from(probabilities), timesOf(letters.length));
}
const timesOf = (numFrames: number) => Array.from({ length: numFrames }, (_, index) => index / 10);
const textOf = (frames: ScoredFrame[]) => frames.map((frame) => frame.label).join('');
const smooth = (letters: string, options: SmoothingOptions) =>
  textOf(smoothLabels(labels, framesOf(letters), letters.length / 10, options));

describe('smoothLabels', () => {
  it('changes nothing by default', () => {
    const frames = framesOf('abacab');
    expect(smoothLabels(labels, frames, 0.6, {})).toEqual(frames);
  });

  it('uses the probability of the new label as confidence', () => {
    const [, changed] = smoothLabels(labels, framesOf('aba'), 0.3, { medianSec: 0.2 });
    expect(changed?.label).toBe('a');
    expect(changed?.confidence).toBeCloseTo(0.1, 6);
  });

  it.each([{ medianSec: -1 }, { medianSec: NaN }, { minDurationSec: Infinity }])('refuses %o', (options) => {
    expect(() => smoothLabels(labels, framesOf('a'), 0.1, options)).toThrow(UsageError);
  });

  it('accepts a video without frames', () => {
    expect(smoothLabels(labels, [], 0, { medianSec: 1, minDurationSec: 1 })).toEqual([]);
  });
});

describe('smoothing by a prior', () => {
  const prior = {
    weight: 1,
    initial: [0.4, 0.3, 0.3],
    transitions: [
      [0, 0.5, 0.5],
      [0.5, 0, 0.5],
      [0.5, 0.5, 0],
    ],
    durations: Array(3).fill({ logMean: Math.log(6), logDeviation: 0.3 }) as SegmentPrior['durations'],
  };

  it('finds the most probable segmentation, then absorbs segments that are too short', () => {
    expect(smooth('aaabaaabbbbbb', { prior })).toBe('aaaaaaabbbbbb');
    expect(smooth('aabbbbbbbbb', { prior })).toBe('aabbbbbbbbb');
    expect(smooth('aabbbbbbbbb', { prior, minDurationSec: 0.3 })).toBe('bbbbbbbbbbb');
  });

  it('refuses a median together with a prior', () => {
    expect(() => smooth('aab', { prior, medianSec: 1 })).toThrow(UsageError);
  });
});

describe('median smoothing', () => {
  it('removes a flicker shorter than half the window and does not move a step', () => {
    expect(smooth('aaabaaabbbbb', { medianSec: 0.4 })).toBe('aaaaaaabbbbb');
    expect(smooth('aaaabbaaaabbbb', { medianSec: 0.4 })).toBe('aaaaaaaaaabbbb');
  });

  it('keeps a segment longer than half the window', () => {
    expect(smooth('aaaabbbaaaa', { medianSec: 0.4 })).toBe('aaaabbbaaaa');
  });

  it('measures the window in seconds, not in frames', () => {
    const times = [0, 0.1, 0.2, 5, 9.8, 9.9, 10];
    const probabilities = [...'aaabaaa'].flatMap((letter) => rows[letter as keyof typeof rows]);
    const frames = labelFrames(labels, Float32Array.from(probabilities), times);
    expect(textOf(smoothLabels(labels, frames, 10.1, { medianSec: 1 }))).toBe('aaabaaa');
    expect(textOf(smoothLabels(labels, frames, 10.1, { medianSec: 10 }))).toBe('aaaaaaa');
  });

  it('uses the mean of the two middle values for an even count', () => {
    // Label a: 0.1, 0.5, 0.6, 0.9, median 0.55; label b: 0.9, 0.5, 0.4, 0.1, median 0.45.
    const probabilities = Float32Array.of(0.1, 0.9, 0.5, 0.5, 0.6, 0.4, 0.9, 0.1);
    const frames = labelFrames(['a', 'b'], probabilities, timesOf(4));
    expect(textOf(smoothLabels(['a', 'b'], frames, 0.4, { medianSec: 10 }))).toBe('aaaa');
  });
});

describe('minimum duration', () => {
  it('absorbs a short segment between two of one label', () => {
    expect(smooth('aaaabbaaaa', { minDurationSec: 0.3 })).toBe('aaaaaaaaaa');
  });

  it('keeps a segment that lasts exactly the minimum', () => {
    expect(smooth('aaaabbbaaaa', { minDurationSec: 0.3 })).toBe('aaaabbbaaaa');
  });

  it('relabels a short segment like the neighbor with the higher probability', () => {
    const frames = framesOf('aaaabccccc');
    frames[4]?.probabilities.set([0.1, 0.6, 0.3]);
    expect(textOf(smoothLabels(labels, frames, 1, { minDurationSec: 0.2 }))).toBe('aaaacccccc');
    frames[4]?.probabilities.set([0.3, 0.6, 0.1]);
    expect(textOf(smoothLabels(labels, frames, 1, { minDurationSec: 0.2 }))).toBe('aaaaaccccc');
  });

  it('relabels it like the earlier neighbor on a tie', () => {
    expect(smooth('aaaabccccc', { minDurationSec: 0.2 })).toBe('aaaaaccccc');
  });

  it('absorbs short segments at the start and end of the video, which have one neighbor', () => {
    expect(smooth('baaaaac', { minDurationSec: 0.3 })).toBe('aaaaaaa');
  });

  it('leaves a video that is shorter than the minimum as one segment', () => {
    expect(smooth('aab', { minDurationSec: 5 })).toBe('aaa');
  });

  it('absorbs the shortest segment first', () => {
    // The shortest segment, a single a, becomes b and joins two segments of b into one that is long enough.
    expect(smooth('aaaabbabbaaaa', { minDurationSec: 0.3 })).toBe('aaaabbbbbaaaa');
  });

  it('agrees with its definition on random videos with irregular times', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = createRandom(seed);
      const timesSec = Array.from({ length: 60 }, (_, index) => index / 10 + 0.09 * random());
      const probabilities = Float32Array.from({ length: 180 }, random);
      const frames = labelFrames(labels, probabilities, timesSec);
      const smoothed = smoothLabels(labels, frames, 6, { minDurationSec: 0.5 });
      expect(textOf(smoothed)).toBe(absorbByDefinition(frames, 6, 0.5));
      expect(segmentFrames(smoothed, 6).every(({ startSec, endSec }) => endSec - startSec > 0.499)).toBe(
        true,
      );
    }
  });
});

/** The rule of the docblock as a slow reference: it finds all runs again after each step. */
function absorbByDefinition(frames: ScoredFrame[], endSec: number, minDurationSec: number): string {
  const letters = [...textOf(frames)];
  for (;;) {
    const runs: { start: number; end: number; durationMs: number }[] = [];
    for (let start = 0, end = 0; start < letters.length; start = end) {
      while (letters[end] === letters[start] && end < letters.length) end++;
      const durationMs = Math.round(
        1000 * ((frames[end]?.timeSec ?? endSec) - (frames[start]?.timeSec ?? 0)),
      );
      runs.push({ start, end, durationMs });
    }
    const shortest = runs.reduce((best, run) => (run.durationMs < best.durationMs ? run : best));
    if (runs.length === 1 || shortest.durationMs >= 1000 * minDurationSec) return letters.join('');
    const fit = (letter: string | undefined) =>
      letter === undefined
        ? -1
        : frames
            .slice(shortest.start, shortest.end)
            .reduce((sum, frame) => sum + (frame.probabilities[labels.indexOf(letter)] ?? 0), 0);
    const [before, after] = [letters[shortest.start - 1], letters[shortest.end]];
    letters.fill((fit(after) > fit(before) ? after : before) as string, shortest.start, shortest.end);
  }
}

describe('PriorityQueue', () => {
  it('returns items in sorted order, also if pushes and pops alternate', () => {
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
