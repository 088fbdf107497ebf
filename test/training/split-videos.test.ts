import { describe, expect, it } from 'vitest';
import type { AnnotatedVideo } from '../../src/annotations/dataset.js';
import { DatasetError, UsageError } from '../../src/errors.js';
import { splitVideos } from '../../src/training/split-videos.js';

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

  it('repeats itself for a seed and differs for another', () => {
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
});
