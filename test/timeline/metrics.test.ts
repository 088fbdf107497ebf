import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/errors.js';
import { SegmentationScorer } from '../../src/timeline/metrics.js';
import { editScore, labelRuns, matchSegments } from '../../src/timeline/segment-matching.js';

type RunLengths = [label: string, frames: number][];

interface Golden {
  cases: {
    name: string;
    backgroundLabels: string[];
    accuracy: number;
    edit: number;
    f1: Record<'0.1' | '0.25' | '0.5', number>;
    videos: {
      video: string;
      truth: RunLengths;
      prediction: RunLengths;
      edit: number;
      tpFpFn: Record<string, [number, number, number]>;
    }[];
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/golden/segmentation-metrics.json', import.meta.url), 'utf8'),
) as Golden;

/** `walk*3 fall*2` means five frames; `-` is an unlabeled frame. */
function frames(text: string): string[] {
  return text.split(' ').flatMap((part) => {
    const [label = '', count = '1'] = part.split('*');
    return Array<string>(Number(count)).fill(label);
  });
}
const truthOf = (text: string): (string | undefined)[] =>
  frames(text).map((label) => (label === '-' ? undefined : label));
const unroll = (runs: RunLengths): string[] =>
  runs.flatMap(([label, count]) => Array<string>(count).fill(label));
const runsOf = (text: string) => labelRuns(frames(text), new Set());

describe.each(golden.cases)('the reference evaluation of MS-TCN, $name', (reference) => {
  const background = new Set(reference.backgroundLabels);

  it.each(reference.videos)('agrees on $video', ({ truth, prediction, edit, tpFpFn }) => {
    const trueRuns = labelRuns(unroll(truth), background);
    const predictedRuns = labelRuns(unroll(prediction), background);
    expect(editScore(trueRuns, predictedRuns)).toBe(edit);
    for (const [threshold, [hits, falseAlarms, misses]] of Object.entries(tpFpFn)) {
      const matches = matchSegments(trueRuns, predictedRuns, Number(threshold));
      expect(matches).toEqual({ hits, falseAlarms, misses });
    }
  });

  it('agrees on all videos together', () => {
    const scorer = new SegmentationScorer({ backgroundLabels: reference.backgroundLabels });
    for (const { truth, prediction } of reference.videos) scorer.add(unroll(truth), unroll(prediction));
    const scores = scorer.result();
    expect(scores.numVideos).toBe(reference.videos.length);
    // Equal to the last digit.
    expect(scores.frameAccuracy).toBe(reference.accuracy);
    expect(scores.edit).toBe(reference.edit);
    expect(scores.f1).toEqual({ 10: reference.f1['0.1'], 25: reference.f1['0.25'], 50: reference.f1['0.5'] });
  });
});

describe('matchSegments', () => {
  it('counts a second match of one true segment as a false alarm', () => {
    expect(matchSegments(runsOf('a*10'), runsOf('a*6 b a*3'), 0.25)).toEqual({
      hits: 1,
      falseAlarms: 2,
      misses: 0,
    });
  });

  it('accepts an overlap that equals the threshold', () => {
    expect(matchSegments(runsOf('a*2'), runsOf('a b'), 0.5).hits).toBe(1);
    expect(matchSegments(runsOf('a*3'), runsOf('a b*2'), 0.5).hits).toBe(0);
  });

  it('counts only misses if nothing was predicted, and only false alarms if nothing is true', () => {
    expect(matchSegments(runsOf('a b'), [], 0.1)).toEqual({ hits: 0, falseAlarms: 0, misses: 2 });
    expect(matchSegments([], runsOf('a b'), 0.1)).toEqual({ hits: 0, falseAlarms: 2, misses: 0 });
  });
});

describe('SegmentationScorer', () => {
  it('counts confusion, precision and recall over frames', () => {
    const scorer = new SegmentationScorer({ labels: ['walk', 'fall', 'sit'] });
    scorer.add(truthOf('walk*6 fall*4'), frames('walk*5 fall*5'));
    const { frameAccuracy, confusion, perLabel, labels } = scorer.result();
    expect(labels).toEqual(['walk', 'fall', 'sit']);
    expect(confusion).toEqual([
      [5, 1, 0],
      [0, 4, 0],
      [0, 0, 0],
    ]);
    expect(frameAccuracy).toBeCloseTo(90, 12);
    expect(perLabel).toEqual([
      { label: 'walk', numFrames: 6, precision: 100, recall: 500 / 6, f1: 1000 / 11, averagePrecision: null },
      { label: 'fall', numFrames: 4, precision: 80, recall: 100, f1: 800 / 9, averagePrecision: null },
      { label: 'sit', numFrames: 0, precision: null, recall: null, f1: null, averagePrecision: null },
    ]);
  });

  it('pools frames over videos, so that a long video weighs more', () => {
    const scorer = new SegmentationScorer();
    scorer.add(truthOf('a*30'), frames('a*30'));
    scorer.add(truthOf('a*10'), frames('b*10'));
    expect(scorer.result().frameAccuracy).toBe(75);
    expect(scorer.result().edit).toBe(50);
  });

  it('leaves unlabeled frames out of every score, whatever is predicted for them', () => {
    const scorer = new SegmentationScorer();
    scorer.add(truthOf('-*5 a*4 -*3 a*4 b*2'), frames('c*5 a*4 d a c a*4 b*2'));
    const { numFrames, frameAccuracy, edit, f1, labels } = scorer.result();
    expect({ numFrames, frameAccuracy, edit, f1, labels }).toEqual({
      numFrames: 10,
      frameAccuracy: 100,
      edit: 100,
      f1: { 10: 100, 25: 100, 50: 100 },
      labels: ['a', 'b'],
    });
  });

  it('reports null, never NaN, if nothing was scored', () => {
    const scorer = new SegmentationScorer();
    scorer.add(truthOf('-*3'), frames('a*3'));
    expect(scorer.result()).toEqual({
      numVideos: 0,
      numFrames: 0,
      frameAccuracy: null,
      edit: null,
      f1: { 10: null, 25: null, 50: null },
      meanAveragePrecision: null,
      labels: [],
      confusion: [],
      perLabel: [],
    });
  });

  it('scores two sequences of background with edit 100 and without F1', () => {
    const scorer = new SegmentationScorer({ backgroundLabels: ['nothing'] });
    scorer.add(truthOf('nothing*4'), frames('nothing*4'));
    const { edit, f1, frameAccuracy } = scorer.result();
    expect({ edit, f1, frameAccuracy }).toEqual({
      edit: 100,
      f1: { 10: null, 25: null, 50: null },
      frameAccuracy: 100,
    });
  });

  it('keeps background in frame accuracy', () => {
    const scorer = new SegmentationScorer({ backgroundLabels: ['nothing'] });
    scorer.add(truthOf('nothing*3 a'), frames('a*4'));
    expect(scorer.result().frameAccuracy).toBe(25);
  });

  it('scores F1 0, not null, if there are segments and none is found', () => {
    const scorer = new SegmentationScorer();
    scorer.add(truthOf('a*4'), frames('b*4'));
    expect(scorer.result().f1).toEqual({ 10: 0, 25: 0, 50: 0 });
  });

  it('accepts labels that are names of built-in properties', () => {
    const scorer = new SegmentationScorer();
    scorer.add(truthOf('__proto__*2 constructor'), frames('__proto__*3'));
    expect(scorer.result().confusion).toEqual([
      [2, 0],
      [1, 0],
    ]);
  });

  it('refuses sequences of different lengths', () => {
    const scorer = new SegmentationScorer();
    expect(() => scorer.add(truthOf('a*3'), frames('a*4'))).toThrow(ShapeError);
    expect(() => scorer.add(truthOf('a*3'), frames('a*3'), [1, 1])).toThrow(ShapeError);
  });
});
