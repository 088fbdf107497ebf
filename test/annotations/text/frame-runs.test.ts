import { describe, expect, it } from 'vitest';
import { findFormats } from '../../../src/annotations/formats/formats.js';
import type { WriteOptions } from '../../../src/annotations/annotation-format.js';
import { AnnotationError } from '../../../src/errors.js';
import type { Timeline } from '../../../src/timeline/timeline.js';
import { short } from '../street.js';

const write = (name: string, timeline: Timeline, options?: WriteOptions): string =>
  findFormats([name])[0]!.write(timeline, options);
const labelsIn = (text: string): string[] => text.split('\n').slice(0, -1);

/** Six frames at irregular times with a gap of more than a second. The first three show `a`. */
const TIMES_SEC = [0, 0.1, 0.2, 0.3, 1.5, 1.9];
const uneven: Timeline = {
  ...short,
  video: { ...short.video, frameRate: 3, durationSec: 2, numFrames: 6 },
  frames: TIMES_SEC.map((timeSec, index) => ({
    index,
    timeSec,
    label: index < 3 ? 'a' : 'b',
    confidence: 1,
  })),
  segments: [
    { label: 'a', startSec: 0, endSec: 0.3, confidence: 1 },
    { label: 'b', startSec: 0.3, endSec: 2, confidence: 1 },
  ],
};

describe('a format that counts frames, for a video with a variable frame rate', () => {
  it('counts frames by their own times if every frame was labeled', () => {
    expect(labelsIn(write('ms-tcn', uneven))).toEqual(['a', 'a', 'a', 'b', 'b', 'b']);
    const [{ predictions }] = JSON.parse(write('label-studio', uneven)) as [
      { predictions: { result: { value: object }[] }[] },
    ];
    expect(predictions[0]?.result.map(({ value }) => value)).toEqual([
      { ranges: [{ start: 1, end: 3 }], timelinelabels: ['a'] },
      { ranges: [{ start: 4, end: 6 }], timelinelabels: ['b'] },
    ]);
    const tags = write('cvat', uneven).matchAll(/name="frame_(\d+)"[^>]*>\s*<tag label="(\w)"/g);
    expect([...tags].map(([, frame, label]) => Number(frame) + label!)).toEqual(
      ['a', 'a', 'a', 'b', 'b', 'b'].map((label, frame) => frame + label),
    );
    const [, a, b] = write('boris', uneven).split('\n');
    expect([a, b].map((row) => row?.split(',').slice(-6, -4))).toEqual([
      ['0', '3'],
      ['3', '6'],
    ]);
  });

  it('counts frames at the average frame rate if some frames were not labeled', () => {
    const sampled = { ...uneven, frames: uneven.frames.slice(0, 5) };
    expect(labelsIn(write('ms-tcn', sampled))).toEqual(['a', 'b', 'b', 'b', 'b', 'b']);
  });
});

describe('ms-tcn, for frames that were not labeled', () => {
  const seen = { ...short, segments: [{ label: 'walk', startSec: 1, endSec: 2, confidence: 1 }] };

  it('writes the background for frames outside the labeled range', () => {
    const lines = labelsIn(write('ms-tcn', seen, { background: ' no\tlabel ' }));
    expect(lines.map((line, frame) => (line === 'walk' ? frame : -1)).filter((at) => at >= 0)).toEqual(
      Array.from({ length: 25 }, (_, i) => 25 + i),
    );
    expect(lines.filter((line) => line === 'no label')).toHaveLength(101 - 25);
    for (const background of [undefined, '', ' ']) {
      expect(() => write('ms-tcn', seen, { background })).toThrow(/frame 0 of .* has none.*--background/);
    }
  });

  it('writes no frame after the last one of a whole video, even if the container states a longer length', () => {
    const runsOn = { ...short, video: { ...short.video, durationSec: 9, numFrames: 225 } };
    expect(labelsIn(write('ms-tcn', runsOn, { isWhole: true }))).toHaveLength(100);
    expect(() => write('ms-tcn', runsOn)).toThrow(/frame 100 of .* has none/);
  });
});

it('formats with one entry per frame refuse a video that claims too many frames', () => {
  const video = { ...short.video, frameRate: 1e9, numFrames: 4e9 };
  for (const name of ['ms-tcn', 'cvat', 'csv-frames']) {
    const writing = (): string => write(name, { ...short, video, frames: [] });
    expect(writing).toThrow(AnnotationError);
    expect(writing).toThrow(/1000000000 per second: expected at most 16777216/);
  }
  for (const name of ['label-studio', 'boris']) expect(write(name, { ...short, video })).toContain('walk');
});
