import { describe, expect, it } from 'vitest';
import { endOfVideo, labelsAtTimes, segmentFrames } from '../../src/timeline/segments.js';

const frame = (index: number, timeSec: number, label: string, confidence: number) => ({
  index,
  timeSec,
  label,
  confidence,
});

describe('segmentFrames', () => {
  it('starts and ends segments at the irregular times of frames, and averages confidence', () => {
    const frames = [
      frame(0, 0, 'walk', 0.5),
      frame(1, 0.04, 'walk', 1),
      frame(2, 0.5, 'fall', 0.75),
      frame(3, 0.51, 'walk', 0.25),
    ];
    expect(segmentFrames(frames, 0.9)).toEqual([
      { label: 'walk', startSec: 0, endSec: 0.5, confidence: 0.75 },
      { label: 'fall', startSec: 0.5, endSec: 0.51, confidence: 0.75 },
      { label: 'walk', startSec: 0.51, endSec: 0.9, confidence: 0.25 },
    ]);
  });

  it('starts at the time of the first frame', () => {
    expect(segmentFrames([frame(0, 2.5, 'a', 1)], 3)).toEqual([
      { label: 'a', startSec: 2.5, endSec: 3, confidence: 1 },
    ]);
  });

  it('returns no segment for no frames', () => {
    expect(segmentFrames([], 4)).toEqual([]);
  });
});

describe('endOfVideo', () => {
  it('uses the stated duration if it is a plausible end of the last frame', () => {
    expect(endOfVideo(9.8, 5, 10.04)).toBe(10.04);
  });

  it('adds one frame duration if the stated duration is unknown, too short, or much too long', () => {
    expect(endOfVideo(9.8, 5, 0)).toBeCloseTo(10, 12);
    expect(endOfVideo(9.8, 5, 9.8)).toBeCloseTo(10, 12);
    expect(endOfVideo(9.8, 5, 60)).toBeCloseTo(10, 12);
  });
});

describe('labelsAtTimes', () => {
  const spans = [
    { label: 'a', startSec: 1, endSec: 2 },
    { label: 'b', startSec: 2, endSec: 3 },
    { label: 'c', startSec: 4, endSec: 5 },
  ];

  it('treats spans as [start, end) and leaves gaps unlabeled', () => {
    expect(labelsAtTimes(spans, [0, 0.5, 1, 1.9, 2, 2.99, 3, 3.5, 4, 4.5, 5, 6])).toEqual([
      undefined,
      undefined,
      'a',
      'a',
      'b',
      'b',
      undefined,
      undefined,
      'c',
      'c',
      undefined,
      undefined,
    ]);
  });

  it('finds each frame of a video at 15 frames per second in spans that were rounded to milliseconds', () => {
    const timesSec = Array.from({ length: 45 }, (_, index) => index / 15);
    const written = timesSec.map((start, index) => ({
      label: `${index}`,
      startSec: Number(start.toFixed(3)),
      endSec: Number(((index + 1) / 15).toFixed(3)),
    }));
    expect(labelsAtTimes(written, timesSec)).toEqual(timesSec.map((_, index) => `${index}`));
  });

  it('labels a whole clip with one endless span', () => {
    expect(labelsAtTimes([{ label: 'wave', startSec: 0, endSec: Infinity }], [0, 1e6])).toEqual([
      'wave',
      'wave',
    ]);
  });
});
