import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readDataset, type AnnotatedVideo } from '../../../src/annotations/datasets/dataset.js';
import { probeDurations } from '../../../src/annotations/datasets/video-durations.js';
import { describeDataset } from '../../../src/training/data/dataset-report.js';
import { formatDatasetReport } from '../../../src/training/data/format-dataset-report.js';
import { useTemporaryFolder } from '../../temporary-folder.js';

const { inFolder, write } = useTemporaryFolder();
const span = (label: string, startSec: number, endSec: number) => ({ label, startSec, endSec });
const clip = (name: string, label: string): AnnotatedVideo => ({
  path: `/${name}`,
  name,
  segments: [span(label, 0, Infinity)],
  clipLabel: label,
});

/** 30 s, of which 2 to 4 s and 24 to 30 s have no label; 1 s had two. */
const street: AnnotatedVideo = {
  path: '/street.mp4',
  name: 'street.mp4',
  segments: [span('walk', 0, 2), span('fall', 4, 5), span('walk', 5.2, 24)],
  group: 'p1',
  subset: 'test',
  overlaps: [{ startSec: 4, endSec: 5, kept: 'fall', dropped: 'walk' }],
};
/** 10 s, though its labels go on. */
const yard: AnnotatedVideo = {
  path: '/yard.mp4',
  name: 'yard.mp4',
  segments: [span('walk', 0, 9), span('fall', 9, 12), span('walk', 12, 20)],
  group: 'p2',
  subset: 'train',
};
const durationsSec = new Map([
  ['street.mp4', 30],
  ['yard.mp4', 10],
]);

describe('a report on untrimmed videos', () => {
  const report = describeDataset([street, yard], {
    durationsSec,
    groupBy: 'column',
    labels: ['walk', 'fall', 'jump'],
    skipped: [{ what: '"gone.mp4"', why: 'it is not there' }],
  });

  it('counts videos, segments, and the time and frames that are there', () => {
    expect(report).toMatchObject({ numVideos: 2, numClips: 0, durationSec: 40 });
    expect(report.labels).toEqual([
      { label: 'fall', numVideos: 2, numSegments: 2, labelledSec: 2, numFrames: 20, share: (100 * 2) / 31.8 },
      {
        label: 'walk',
        numVideos: 2,
        numSegments: 4,
        labelledSec: 29.8,
        numFrames: 298,
        share: (100 * 29.8) / 31.8,
      },
    ]);
    expect(report.imbalance).toMatchObject({ largest: 'walk', smallest: 'fall' });
    expect(report.imbalance?.ratio).toBeCloseTo(29.8 / 2, 9);
  });

  it('tells of gaps, overlaps, labels past the end, empty labels, groups, subsets and what was left out', () => {
    expect(report.gaps).toEqual({ count: 2, seconds: 8, share: 20 });
    expect(report.overlaps).toEqual({ count: 1, seconds: 1 });
    expect(report.beyondEnd).toEqual([
      { video: 'yard.mp4', ...span('fall', 9, 12), durationSec: 10 },
      { video: 'yard.mp4', ...span('walk', 12, 20), durationSec: 10 },
    ]);
    expect(report.emptyLabels).toEqual(['jump']);
    expect(report.groups).toEqual({ p1: 1, p2: 1 });
    expect(report.subsets).toEqual({ test: 1, train: 1 });
    expect(report.skipped).toHaveLength(1);
  });

  it('has all of it in its text', () => {
    const text = formatDatasetReport(report).join('\n');
    expect(text.split('\n').filter((line) => !/^[┌├└]/.test(line))).toEqual([
      '2 videos, 0.7 minutes',
      '│ label │ videos │ segments │ minutes │ frames at 10/s │ share % │',
      '│ fall  │      2 │        2 │     0.0 │             20 │     6.3 │',
      '│ walk  │      2 │        4 │     0.5 │            298 │    93.7 │',
      'Imbalance: "walk" is shown 14.9 times as much as "fall".',
      'Labels without a segment: jump.',
      'Unlabeled: 2 stretches, 0.1 minutes, 20.0 % of the videos.',
      'Overlaps: 1, 1.0 s in all; the label that starts later was kept.',
      'Labels past the end of their video: 2',
      '  "fall" from 9.00 to 12.00 s in "yard.mp4", which ends at 10.00 s',
      '  "walk" from 12.00 to 20.00 s in "yard.mp4", which ends at 10.00 s',
      'Groups: 2 (p1 1, p2 1)',
      'Subsets: 2 (test 1, train 1)',
      'Left out: 1',
      '  "gone.mp4": it is not there',
    ]);
  });

  it('counts only gaps between labels if a length is unknown', () => {
    const { gaps, durationSec, beyondEnd } = describeDataset([street, yard]);
    expect([gaps, durationSec, beyondEnd]).toEqual([{ count: 1, seconds: 2, share: null }, null, []]);
  });
});

describe('a report on clips', () => {
  const clips = ['a', 'b', 'c'].map((name) => clip(`x/${name}.mp4`, 'x')).concat(clip('y/d.mp4', 'y'));

  it('has no times unless lengths are known, and uses shares of clips instead', () => {
    const { labels, imbalance, numClips } = describeDataset(clips);
    expect(numClips).toBe(4);
    expect(labels.map(({ labelledSec, numFrames, share }) => [labelledSec, numFrames, share])).toEqual([
      [null, null, 75],
      [null, null, 25],
    ]);
    expect(imbalance?.ratio).toBe(3);
    expect(formatDatasetReport(describeDataset(clips)).join('\n')).toContain(
      '│ x     │      3 │        3 │       – │',
    );
  });

  it('has the lengths of the clips if they are known', () => {
    const lengths = new Map(clips.map(({ name }, at) => [name, at + 1]));
    const { labels, gaps } = describeDataset(clips, { durationsSec: lengths });
    expect(labels.map(({ labelledSec }) => labelledSec)).toEqual([6, 4]);
    expect(gaps).toEqual({ count: 0, seconds: 0, share: 0 });
  });
});

it('the report of an empty dataset has no label, not NaN', () => {
  expect(describeDataset([])).toMatchObject({
    numVideos: 0,
    labels: [],
    imbalance: null,
    gaps: { count: 0 },
  });
});

it('lengths are read from the videos, and videos that cannot be opened are reported', async () => {
  const demo = fileURLToPath(new URL('../../../fixtures/drawn-people/demo.mp4', import.meta.url));
  await write('broken.mp4');
  await writeFile(inFolder('broken.mp4'), 'no video');
  const videos = [
    { path: demo, name: 'demo', segments: [] },
    { path: inFolder('broken.mp4'), name: 'broken', segments: [] },
  ];
  const { durationsSec: lengths, unreadable } = await probeDurations(videos);
  expect([...lengths.keys()]).toEqual(['demo']);
  expect(lengths.get('demo')).toBeCloseTo(305 / 15, 2);
  expect(unreadable).toEqual([{ what: '"broken"', why: expect.stringContaining('Cannot open') as string }]);
});

const CEILING = fileURLToPath(new URL('../../../../shared/data/ceiling-actions', import.meta.url));
it.skipIf(!existsSync(CEILING))('of ceiling actions agrees with its README', async () => {
  const videos = await readDataset(CEILING);
  const report = describeDataset(videos, await probeDurations(videos));
  expect(report.numVideos).toBe(14);
  expect(report.labels.reduce((total, { numSegments }) => total + numSegments, 0)).toBe(202);
  expect((report.durationSec ?? 0) / 60).toBeCloseTo(30, -1);
  expect(report.overlaps.count).toBe(1);
});
