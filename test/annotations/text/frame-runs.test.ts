import { describe, expect, it } from 'vitest';
import { findFormats } from '../../../src/annotations/formats/formats.js';
import type { WriteOptions } from '../../../src/annotations/annotation-format.js';
import { AnnotationError } from '../../../src/errors.js';
import type { Timeline } from '../../../src/timeline/timeline.js';
import { short } from '../street.js';

const write = (name: string, timeline: Timeline, options?: WriteOptions): string =>
  findFormats([name])[0]!.write(timeline, options);
const labelsIn = (text: string): string[] => text.split('\n').slice(0, -1);

/** Six frames whose distances vary, a second missing among them, of which the first three show `a`. */
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

describe('a format that counts frames, of a video whose rate varies', () => {
  it('counts them by their own times where every one was labeled', () => {
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

  it('counts them by the average rate where the model looked at others', () => {
    const sampled = { ...uneven, frames: uneven.frames.slice(0, 5) };
    expect(labelsIn(write('ms-tcn', sampled))).toEqual(['a', 'b', 'b', 'b', 'b', 'b']);
  });
});

describe('ms-tcn, of frames that were not looked at', () => {
  const seen = { ...short, segments: [{ label: 'walk', startSec: 1, endSec: 2, confidence: 1 }] };

  it('gives those outside of a stretch the background', () => {
    const lines = labelsIn(write('ms-tcn', seen, { background: ' no\tlabel ' }));
    expect(lines.map((line, frame) => (line === 'walk' ? frame : -1)).filter((at) => at >= 0)).toEqual(
      Array.from({ length: 25 }, (_, i) => 25 + i),
    );
    expect(lines.filter((line) => line === 'no label')).toHaveLength(101 - 25);
    for (const background of [undefined, '', ' ']) {
      expect(() => write('ms-tcn', seen, { background })).toThrow(/frame 0 of .* has none.*--background/);
    }
  });

  it('has none behind the last one of a whole video, however long that claims to be', () => {
    const runsOn = { ...short, video: { ...short.video, durationSec: 9, numFrames: 225 } };
    expect(labelsIn(write('ms-tcn', runsOn, { isWhole: true }))).toHaveLength(100);
    expect(() => write('ms-tcn', runsOn)).toThrow(/frame 100 of .* has none/);
  });
});

it('a video that claims more frames than a file can hold is refused where each would be a line', () => {
  const video = { ...short.video, frameRate: 1e9, numFrames: 4e9 };
  for (const name of ['ms-tcn', 'cvat', 'csv-frames']) {
    const writing = (): string => write(name, { ...short, video, frames: [] });
    expect(writing).toThrow(AnnotationError);
    expect(writing).toThrow(/1000000000 per second: expected at most 16777216/);
  }
  for (const name of ['label-studio', 'boris']) expect(write(name, { ...short, video })).toContain('walk');
});
