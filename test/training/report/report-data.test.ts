import { describe, expect, it } from 'vitest';
import { reportData } from '../../../src/training/report/report-data.js';
import { LABELS, OPTIONS, prediction, PREDICTIONS } from './report-run.js';

const [REST, WAVE, QUOTED] = LABELS as [string, string, string];

describe('reportData', () => {
  const data = reportData(PREDICTIONS, OPTIONS);

  it('puts truth and prediction of each video in seconds, the least accurate video first', () => {
    expect(data.videos.map(({ name, durationSec }) => [name, durationSec])).toEqual([
      [PREDICTIONS[0]!.name, 3.5],
      ['street.mp4', 1],
    ]);
    expect(data.videos[0]!.frameAccuracy).toBeCloseTo((100 * 4) / 6, 10);
    expect(data.videos[1]!.frameAccuracy).toBe(100);
    expect(data.videos[0]!.truth).toEqual([
      { label: REST, startSec: 0, endSec: 1 },
      { label: WAVE, startSec: 1.5, endSec: 2.5 },
      { label: QUOTED, startSec: 2.5, endSec: 3.5 },
    ]);
    expect(data.videos[0]!.predicted).toEqual([
      { label: REST, startSec: 0, endSec: 1 },
      { label: WAVE, startSec: 1, endSec: 2.5 },
      { label: REST, startSec: 2.5, endSec: 3.5 },
    ]);
  });

  it('shows the probability of the true label, with a gap where nothing is labeled', () => {
    const curve = data.videos[0]!.truthProbability;
    expect(curve.map(({ timeSec }) => timeSec)).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3]);
    expect(curve.map(({ probability }) => probability && Math.round(100 * probability))).toEqual([
      ...[90, 80, null, 70, 80],
      ...[20, 10],
    ]);
  });

  it('thins the curve of a long video to means', () => {
    const frames = Array.from({ length: 960 }, (_, i) => [0, i % 4 === 0 ? 80 : 40, 20, 0] as const);
    const { truthProbability } = reportData(
      [
        prediction(
          'long',
          frames.map((row) => [...row]),
        ),
      ],
      OPTIONS,
    ).videos[0]!;
    expect(truthProbability).toHaveLength(240);
    for (const { probability } of truthProbability) expect(probability).toBeCloseTo(0.5, 6);
  });

  it('joins the flicker of a long video to what most frames of a moment say', () => {
    // Runs of four frames to two columns: wave, rest, rest, rest; then wave, rest, wave, wave, and all again.
    const calls = Array.from({ length: 1918 }, (_, i) => (i % 8 === 0 || (i % 8 > 3 && i % 8 !== 5) ? 1 : 0));
    const { truth, predicted } = reportData(
      [
        prediction(
          'long',
          calls.map((call) => [2, ...(call === 1 ? [10, 80, 10] : [80, 10, 10])]),
        ),
      ],
      OPTIONS,
    ).videos[0]!;
    expect(truth).toEqual([{ label: QUOTED, startSec: 0, endSec: 959 }]);
    expect(predicted).toHaveLength(480);
    expect(predicted.slice(0, 2)).toEqual([
      { label: REST, startSec: 0, endSec: 2 },
      { label: WAVE, startSec: 2, endSec: 4 },
    ]);
    expect(predicted.at(-1)!.endSec).toBe(959);
  });

  it('finds the segments whose true label is least probable, and their predicted label', () => {
    expect(data.hardest.map(({ label, video }) => [label, video])).toEqual([
      [QUOTED, PREDICTIONS[0]!.name],
      [WAVE, PREDICTIONS[0]!.name],
      [REST, PREDICTIONS[0]!.name],
      ...[REST, QUOTED].map((label) => [label, 'street.mp4']),
    ]);
    const [first] = data.hardest;
    expect(first).toMatchObject({ startSec: 2.5, endSec: 3.5, path: '/nowhere/absent.mp4' });
    expect(first!.truthProbability).toBeCloseTo(0.15, 6);
    expect(first!.likeliest.label).toBe(REST);
    expect(first!.likeliest.probability).toBeCloseTo(0.7, 6);
  });

  it('bins confidences as the calibration error does', () => {
    expect(data.reliability.reduce((sum, { numFrames }) => sum + numFrames, 0)).toBe(8);
    const gaps = data.reliability.map(
      ({ numFrames, confidence, accuracy }) => (numFrames / 8) * Math.abs(confidence - accuracy),
    );
    const error = 100 * gaps.reduce((sum, gap) => sum + gap, 0);
    expect(error).toBeGreaterThan(5);
    expect(error).toBeCloseTo(data.scores.calibrationError!, 10);
  });

  it('shows the least and the most accurate of many videos, and some in between', () => {
    const many = Array.from({ length: 30 }, (_, right) =>
      prediction(
        `video ${right}`,
        Array.from({ length: 30 }, (_, frame) => [0, ...(frame < right ? [90, 5, 5] : [5, 90, 5])]),
      ),
    );
    const shown = reportData(many, { ...OPTIONS, maxVideos: 4, maxSegments: 5 });
    expect(shown.numVideos).toBe(30);
    expect(shown.videos.map(({ name }) => name)).toEqual([0, 10, 19, 29].map((right) => `video ${right}`));
    expect(shown.hardest).toHaveLength(5);
  });

  it('is null, not NaN, for a video without labels', () => {
    const { videos, hardest } = reportData([prediction('dark', [[-1, 90, 5, 5]])], OPTIONS);
    expect(videos[0]).toMatchObject({ frameAccuracy: null, truth: [] });
    expect(videos[0]!.truthProbability).toEqual([{ timeSec: 0, probability: null }]);
    expect(hardest).toEqual([]);
  });
});
