import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readDataset, type AnnotatedVideo } from '../../../src/annotations/datasets/dataset.js';
import { DatasetError, UsageError } from '../../../src/errors.js';
import { crossValidationSplits, splitVideos } from '../../../src/training/data/split-videos.js';

const clip = (name: string, label: string): AnnotatedVideo => ({
  path: `/${name}`,
  name,
  segments: [{ label, startSec: 0, endSec: Infinity }],
  clipLabel: label,
});
const clips = ['fight', 'calm'].flatMap((label) =>
  Array.from({ length: 40 }, (_, number) => clip(`${label}/${String(number).padStart(3, '0')}.mp4`, label)),
);
const names = (videos: AnnotatedVideo[]): string[] => videos.map(({ name }) => name);

describe('splitVideos', () => {
  it('puts every video on exactly one side, and into validation in exactly one fold', () => {
    const folds = [0, 1, 2, 3, 4].map((fold) => splitVideos(clips, { folds: 5, fold }));
    for (const { training, validation } of folds) {
      expect([...names(training), ...names(validation)].sort()).toEqual(names(clips).sort());
    }
    expect(folds.flatMap(({ validation }) => names(validation)).sort()).toEqual(names(clips).sort());
  });

  it('gives each fold its share of each label', () => {
    for (const fold of [0, 1, 2, 3, 4]) {
      const { validation } = splitVideos(clips, { folds: 5, fold });
      expect(validation.filter(({ clipLabel }) => clipLabel === 'fight')).toHaveLength(8);
      expect(validation.filter(({ clipLabel }) => clipLabel === 'calm')).toHaveLength(8);
    }
  });

  it('keeps the videos of a group on one side', () => {
    const { training, validation } = splitVideos(clips, { folds: 4, groupPattern: /(\d\d)\d\.mp4$/ });
    const block = (name: string): string => name.slice(-7, -5);
    const inTraining = new Set(names(training).map(block));
    expect(validation.length).toBeGreaterThan(0);
    expect(names(validation).filter((name) => inTraining.has(block(name)))).toEqual([]);
  });

  it('is the same for the same seed and differs for another', () => {
    const of = (seed: number) => names(splitVideos(clips, { seed }).validation);
    expect(of(7)).toEqual(of(7));
    expect(of(7)).not.toEqual(of(8));
  });

  it('trains on everything with no folds', () => {
    expect(splitVideos(clips, { folds: 0 })).toEqual({ training: clips, validation: [] });
  });

  it('refuses a fold that does not exist, fewer groups than folds, and a name that has no group', () => {
    expect(() => splitVideos(clips, { folds: 5, fold: 5 })).toThrow(UsageError);
    expect(() => splitVideos(clips.slice(0, 2), { folds: 3 })).toThrow(DatasetError);
    expect(() => splitVideos(clips, { groupPattern: /^camera(\d)/ })).toThrow(
      /fight\/000\.mp4.*does not match/,
    );
  });

  it('refuses one video only, or none', () => {
    expect(() => splitVideos(clips.slice(0, 1))).toThrow(DatasetError);
    expect(() => splitVideos(clips.slice(0, 1))).toThrow(
      /one group of videos, "fight\/000\.mp4": some must train/,
    );
    expect(() => splitVideos([])).toThrow(/has no video/);
  });
});

describe('folds of untrimmed videos', () => {
  /** A video of 100 s that shows a common label and, for some seconds, a rare one. */
  const untrimmed = (name: string, rareSec: number): AnnotatedVideo => ({
    path: `/${name}`,
    name,
    segments: [
      { label: 'walk', startSec: 0, endSec: 100 - rareSec },
      ...(rareSec > 0 ? [{ label: 'fall', startSec: 100 - rareSec, endSec: 100 }] : []),
    ],
  });
  const secondsOf = (label: string, videos: AnnotatedVideo[]): number =>
    videos
      .flatMap(({ segments }) => segments)
      .filter((segment) => segment.label === label)
      .reduce((sum, { startSec, endSec }) => sum + endSec - startSec, 0);

  it('distribute the time of each label evenly, whatever the seed', () => {
    // Four videos fall for 10 s and four for 5 s: each of four folds can have 15 s of it, and three videos.
    const videos = [10, 10, 10, 10, 5, 5, 5, 5, 0, 0, 0, 0].map((rareSec, at) =>
      untrimmed(`${at}.mp4`, rareSec),
    );
    for (const seed of [1, 2, 3, 4, 5]) {
      const folds = crossValidationSplits(videos, { folds: 4, seed });
      expect(folds.map(({ validation }) => secondsOf('fall', validation))).toEqual([15, 15, 15, 15]);
      expect(folds.map(({ validation }) => validation.length)).toEqual([3, 3, 3, 3]);
    }
  });

  it('are never empty, even if groups have no label in common', () => {
    const videos = ['a', 'b', 'c', 'd', 'e'].map((label) => clip(`${label}.mp4`, label));
    const sizes = crossValidationSplits(videos, { folds: 5 }).map(({ validation }) => validation.length);
    expect(sizes).toEqual([1, 1, 1, 1, 1]);
  });
});

describe('groups', () => {
  const cameras = ['fight', 'calm'].flatMap((label) =>
    ['camera 1', 'camera 2', 'camera 10'].flatMap((camera) =>
      [1, 2].map((at) => clip(`${label}/${camera}/${at}.mp4`, label)),
    ),
  );
  const persons = ['p1', 'p1', 'p2', 'p3'].map((group, at) => ({ ...clip(`${at}.mp4`, 'x'), group }));

  it('by folder join the folders of all labels', () => {
    const splits = crossValidationSplits(cameras, { groupBy: 'folder', leaveGroupsOut: 1 });
    expect(splits.map(({ name }) => name)).toEqual(['camera 1', 'camera 2', 'camera 10']);
    expect(names(splits[0]?.validation ?? [])).toEqual([
      'fight/camera 1/1.mp4',
      'fight/camera 1/2.mp4',
      'calm/camera 1/1.mp4',
      'calm/camera 1/2.mp4',
    ]);
    expect(() => splitVideos(clips, { groupBy: 'folder' })).toThrow(
      /fight\/000\.mp4" lies directly in its label's folder/,
    );
  });

  it('by column are those of the dataset', () => {
    const splits = crossValidationSplits(persons, { groupBy: 'column', leaveGroupsOut: 1 });
    expect(splits.map(({ name, validation }) => [name, ...names(validation)])).toEqual([
      ['p1', '0.mp4', '1.mp4'],
      ['p2', '2.mp4'],
      ['p3', '3.mp4'],
    ]);
    expect(() => splitVideos(clips, { groupBy: 'column' })).toThrow(
      /has no group: expected a column "group"/,
    );
  });

  it('of ten consecutive numbers come from a pattern that captures all but the last digit', () => {
    // Numbers 1 to 120, without leading zeros: tens are 1 to 9, 10 to 19, …
    const numbered = Array.from({ length: 120 }, (_, at) => clip(`x/v${at + 1}.mp4`, 'x'));
    const splits = crossValidationSplits(numbered, {
      groupPattern: /v(\d*)\d\.mp4$/,
      leaveGroupsOut: 1,
    });
    expect(splits.map(({ name, validation }) => `${name}: ${validation.length}`)).toEqual([
      ...[': 9', ...Array.from({ length: 11 }, (_, tens) => `${tens + 1}: 10`), '12: 1'],
    ]);
  });

  it('that are named validate, and all others train', () => {
    const options = { groupBy: 'column', validationGroups: ['p3', 'p1'] } as const;
    expect(names(splitVideos(persons, options).validation)).toEqual(['0.mp4', '1.mp4', '3.mp4']);
    expect(names(splitVideos(persons, options).training)).toEqual(['2.mp4']);
    expect(() => splitVideos(persons, { groupBy: 'column', validationGroups: ['p4'] })).toThrow(
      'There is no group "p4" to validate on. The groups are "p1", "p2", "p3".',
    );
    expect(() => splitVideos(persons, { groupBy: 'column', validationGroups: ['p1', 'p2', 'p3'] })).toThrow(
      DatasetError,
    );
  });

  it('are held out one by one, with as many folds as groups', () => {
    const at = (fold: number) =>
      splitVideos(persons, { groupBy: 'column', leaveGroupsOut: 1, fold, folds: 5 });
    expect(names(at(2).validation)).toEqual(['3.mp4']);
    expect(() => at(3)).toThrow(UsageError);
  });

  it('are left out several at a time, each once, together with others for another seed', () => {
    const videos = Array.from({ length: 14 }, (_, at) => clip(`${at + 1}.mp4`, at % 2 ? 'x' : 'y'));
    const foldsOf = (seed: number) => crossValidationSplits(videos, { leaveGroupsOut: 3, seed });
    const folds = foldsOf(1);
    expect(folds.map(({ validation }) => validation.length)).toEqual([3, 3, 3, 3, 2]);
    expect(folds.flatMap(({ validation }) => names(validation)).sort()).toEqual(names(videos).sort());
    for (const { name, training, validation } of folds) {
      expect(name).toBe(names(validation).join(', '));
      expect([...names(training), ...names(validation)].sort()).toEqual(names(videos).sort());
    }
    const namesOf = (seed: number) => foldsOf(seed).map(({ name }) => name);
    expect(namesOf(1)).toEqual(namesOf(1));
    expect(namesOf(2)).not.toEqual(namesOf(1));
    expect(namesOf(1)).toContain(
      splitVideos(videos, { leaveGroupsOut: 3, fold: 4 })
        .validation.map(({ name }) => name)
        .join(', '),
    );
  });

  it('are not left out all at once, nor a part of one', () => {
    const leave = (count: number) => splitVideos(persons, { groupBy: 'column', leaveGroupsOut: count });
    expect(() => leave(3)).toThrow(/^Leaving 3 groups out needs at least 4, .* the dataset has 3\./);
    expect(() => leave(3)).toThrow(DatasetError);
    for (const count of [0, 1.5, NaN]) expect(() => leave(count)).toThrow(UsageError);
  });
});

describe('the split that a dataset comes with', () => {
  const inSubset = (name: string, subset?: string): AnnotatedVideo => ({
    ...clip(name, 'x'),
    subset,
  });

  it('is taken by its subsets, the validation part before the testing part', () => {
    const warnings: string[] = [];
    const videos = [
      inSubset('a', 'training'),
      inSubset('b', 'validation'),
      inSubset('c', 'testing'),
      inSubset('d'),
    ];
    const split = splitVideos(videos, { ownSplit: true, onWarning: (text) => warnings.push(text) });
    expect([names(split.training), names(split.validation)]).toEqual([['a'], ['b']]);
    expect(warnings).toEqual(["Videos on neither side of the dataset's own split, which are not used: 2."]);
    const tested = splitVideos([inSubset('a', 'Train'), inSubset('c', 'test')], { ownSplit: true });
    expect([names(tested.training), names(tested.validation)]).toEqual([['a'], ['c']]);
  });

  it('may be one of several, by name or one a fold', () => {
    const videos = ['train test', 'test train', 'train train'].map((parts, at) => {
      const [split1 = '', split2 = ''] = parts.split(' ');
      return { ...clip(`${at}`, 'x'), subsetBySplit: { split1, split2 } };
    });
    expect(names(splitVideos(videos, { ownSplit: 'split2' }).validation)).toEqual(['0']);
    expect(
      crossValidationSplits(videos, { ownSplit: true }).map(({ name, validation }) => [
        name,
        ...names(validation),
      ]),
    ).toEqual([
      ['split1', '1'],
      ['split2', '0'],
    ]);
    expect(() => splitVideos(videos, { ownSplit: 'split3' })).toThrow(
      'no split "split3". It has "split1", "split2".',
    );
  });

  it('is refused if there is none, a side is empty, a part is unknown, or another method is also given', () => {
    expect(() => splitVideos(clips, { ownSplit: true })).toThrow(/has no split of its own/);
    expect(() => splitVideos([inSubset('a', 'train')], { ownSplit: true })).toThrow(
      /1 video to train on and 0/,
    );
    expect(() => splitVideos([inSubset('a', 'extra')], { ownSplit: true })).toThrow(/the subset "extra"/);
    expect(() => splitVideos(clips, { ownSplit: true, leaveGroupsOut: 1 })).toThrow(UsageError);
  });
});

it('labels that only one side has are reported', () => {
  const warnings: string[] = [];
  const videos = ['x', 'x', 'y', 'z'].map((label, at) => clip(`${at}`, label));
  splitVideos(videos, { validationGroups: ['0', '3'], onWarning: (text) => warnings.push(text) });
  expect(warnings).toEqual([
    'No training video shows z: it cannot be learned.',
    'No validation video shows y: it has no score.',
  ]);
});

describe('real datasets beside the checkout', () => {
  const dataOf = (name: string) => fileURLToPath(new URL(`../../../../shared/data/${name}`, import.meta.url));
  const isAbsent = (name: string) => !existsSync(dataOf(name)); // they are not part of this repository

  it.skipIf(isAbsent('surveillance-fights'))(
    'surveillance fights fall into five folds of whole blocks',
    async () => {
      const videos = await readDataset(dataOf('surveillance-fights'));
      const blockOf = ({ name }: AnnotatedVideo): string => name.replace(/^.*\/\D+(\d+)\d\.mp4$/, '$1');
      const splits = crossValidationSplits(videos, { folds: 5, groupPattern: /(\d+)\d\.mp4$/ });
      const blocks = splits.map(({ validation }) => [...new Set(validation.map(blockOf))]);
      expect(blocks.flat().sort()).toEqual([...new Set(videos.map(blockOf))].sort()); // each block in one fold
      for (const { training, validation } of splits) {
        const numFights = validation.filter(({ clipLabel }) => clipLabel === 'fight').length;
        expect(numFights * 2).toBe(validation.length);
        expect(training.length + validation.length).toBe(240);
        expect(validation.length).toBeGreaterThanOrEqual(40);
        expect(validation.length).toBeLessThanOrEqual(60);
      }
    },
  );

  it.skipIf(isAbsent('hand-gestures'))('hand gestures leave one recording group out', async () => {
    const videos = await readDataset(dataOf('hand-gestures'));
    const { training, validation } = splitVideos(videos, {
      groupPattern: /\/(p\d)_/,
      validationGroups: ['p4'],
    });
    expect(validation.every(({ name }) => name.includes('/p4_'))).toBe(true);
    expect(training.some(({ name }) => name.includes('/p4_'))).toBe(false);
    expect(training.length + validation.length).toBe(300);
  });

  it.skipIf(isAbsent('ceiling-actions'))(
    'ceiling actions show in every fold what enough videos show',
    async () => {
      const videos = await readDataset(dataOf('ceiling-actions'));
      const showing = (label: string, among: AnnotatedVideo[]) =>
        among.filter(({ segments }) => segments.some((segment) => segment.label === label)).length;
      const labels = [...new Set(videos.flatMap(({ segments }) => segments.map(({ label }) => label)))];
      for (const { training, validation } of crossValidationSplits(videos, { folds: 4 })) {
        for (const label of labels) {
          expect(showing(label, training)).toBeGreaterThan(0);
          if (showing(label, videos) >= 4) expect(showing(label, validation)).toBeGreaterThan(0);
        }
      }
    },
  );
});
