import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SegmentationScorer } from '../../src/timeline/metrics.js';

type RunLengths = [label: string, frames: number][];

const goldenFile = <Content>(name: string): Content =>
  JSON.parse(readFileSync(new URL(`../../fixtures/golden/${name}.json`, import.meta.url), 'utf8')) as Content;
const { cases: sequences } = goldenFile<{
  cases: {
    name: string;
    backgroundLabels: string[];
    videos: { truth: RunLengths; prediction: RunLengths }[];
  }[];
}>('segmentation-metrics');
const { cases: expected } = goldenFile<{
  cases: {
    name: string;
    meanAveragePrecision: number;
    byLabel: Record<string, number>;
    confidences: number[][];
  }[];
}>('average-precision');

const unroll = (runs: RunLengths): string[] =>
  runs.flatMap(([label, count]) => Array<string>(count).fill(label));

describe.each(sequences)('the evaluation of ActivityNet, $name', ({ name, backgroundLabels, videos }) => {
  it('agrees on every label and on their mean', () => {
    const golden = expected.find((one) => one.name === name)!;
    const scorer = new SegmentationScorer({ backgroundLabels });
    videos.forEach(({ truth, prediction }, video) => {
      const confidences = prediction.flatMap(([, count], run) =>
        Array<number>(count).fill(golden.confidences[video]?.[run] as number),
      );
      scorer.add(unroll(truth), unroll(prediction), confidences);
    });
    const { meanAveragePrecision, perLabel } = scorer.result();
    expect(meanAveragePrecision).toBeCloseTo(golden.meanAveragePrecision, 9);
    for (const { label, averagePrecision } of perLabel) {
      if (label in golden.byLabel) expect(averagePrecision, label).toBeCloseTo(golden.byLabel[label]!, 9);
      else expect(averagePrecision, label).toBeNull();
    }
  });
});

describe('average precision', () => {
  const score = (...videos: [truth: string, predicted: string, confidences: number[]][]) => {
    const scorer = new SegmentationScorer();
    for (const [truth, predicted, confidences] of videos) scorer.add([...truth], [...predicted], confidences);
    return scorer.result();
  };

  it('is 100 if a correct segment has a higher confidence than a wrong one, and 50 otherwise', () => {
    const wrongVideo = (confidence: number): [string, string, number[]] => [
      'bb',
      'ab',
      [confidence, confidence],
    ];
    const right: [string, string, number[]] = ['aa', 'aa', [0.5, 0.7]];
    const averagePrecision = (confidence: number) =>
      score(right, wrongVideo(confidence)).perLabel.find(({ label }) => label === 'a')?.averagePrecision;
    expect(averagePrecision(0.5)).toBeCloseTo(100, 9);
    expect(averagePrecision(0.7)).toBeCloseTo(50, 9);
  });

  it('never matches segments of different videos', () => {
    expect(score(['aab', 'bbb', [1, 1, 1]], ['bbb', 'aab', [1, 1, 1]]).perLabel[0]).toMatchObject({
      averagePrecision: 0,
    });
  });

  it('leaves out a label that never occurs in the truth, and is null if a video has no confidences', () => {
    expect(score(['aa', 'aa', [1, 1]], ['aa', 'cc', [1, 1]]).meanAveragePrecision).toBeCloseTo(50, 9);
    const scorer = new SegmentationScorer();
    scorer.add(['a'], ['a'], [1]);
    expect(scorer.result().meanAveragePrecision).toBe(100);
    scorer.add(['a'], ['a']);
    expect(scorer.result().meanAveragePrecision).toBeNull();
  });
});
