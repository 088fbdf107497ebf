import { beforeAll, describe, expect, it } from 'vitest';
import { TemporalLabeler } from '../../../src/labeler/temporal-labeler.js';
import { startBackend } from '../../../src/runtime/backend.js';
import { calibrateLabeler, chooseSegmentPrior } from '../../../src/training/evaluation/calibrate-labeler.js';
import { learnSegmentPrior } from '../../../src/training/data/learn-segment-prior.js';
import { createRandom } from '../../../src/training/data/random.js';
import {
  predictSequences,
  scorePredictions,
  scoreSequences,
} from '../../../src/training/evaluation/score-sequences.js';
import type { LabeledSequence } from '../../../src/training/data/sequences.js';
import { noisyVideos, normal } from '../loop/noisy-videos.js';

const labels = ['walk', 'sit', 'fall'];

describe('learnSegmentPrior', () => {
  it('counts what begins, what follows and how long it lasts, over gaps too', () => {
    const targets = (text: string) => ({
      targets: Int32Array.from(text, (letter) => 'abc-'.indexOf(letter)).map((label) =>
        label === 3 ? -1 : label,
      ),
    });
    const { weight, initial, transitions, durations } = learnSegmentPrior(
      [targets('aaaabb--aaaa'), targets('-bbaaaa'), targets('--')],
      3,
    );
    expect(weight).toBe(1);
    expect(initial).toEqual([2 / 5, 2 / 5, 1 / 5]); // one more each than 1, 1, 0
    expect(transitions).toEqual([
      [0, 2 / 3, 1 / 3], // a → b once
      [3 / 4, 0, 1 / 4], // b → a twice
      [1 / 2, 1 / 2, 0],
    ]);
    // a: 4, 4, 4 frames; b: 2, 2; one more each of the mean of all.
    const pooled = (3 * Math.log(4) + 2 * Math.log(2)) / 5;
    expect(durations[0]?.logMean).toBeCloseTo((3 * Math.log(4) + pooled) / 4, 12);
    expect(durations[2]?.logMean).toBeCloseTo(pooled, 12);
    const variance = (3 * (Math.log(4) - pooled) ** 2 + 2 * (Math.log(2) - pooled) ** 2) / 5;
    expect(durations[2]?.logDeviation).toBeCloseTo(Math.sqrt(variance), 12);
  });

  it('is a prior even without videos', () => {
    const { initial, durations } = learnSegmentPrior([], 2);
    expect(initial).toEqual([0.5, 0.5]);
    expect(durations.every(({ logMean, logDeviation }) => Number.isFinite(logMean) && logDeviation > 0)).toBe(
      true,
    );
  });
});

describe('chooseSegmentPrior', () => {
  const prior = learnSegmentPrior(noisyVideos(20, 1), 3);

  it('improves a noisy labeler more than the best median, also on videos that were not used to choose it', () => {
    const { segmentPrior } = chooseSegmentPrior(noisyVideos(5, 2), prior, { labels });
    expect(segmentPrior).toBeDefined();
    const held = noisyVideos(10, 3);
    const raw = scorePredictions(held, { labels });
    const smoothed = scorePredictions(held, { labels, smoothing: { prior: segmentPrior! } });
    const medians = [3, 5, 9, 15, 21].map((medianSec) =>
      scorePredictions(held, { labels, smoothing: { medianSec } }),
    );
    expect(raw.f1[50]).toBeLessThan(20);
    expect(smoothed.f1[50]).toBeGreaterThan(80);
    expect(smoothed.f1[50]).toBeGreaterThan(Math.max(...medians.map(({ f1 }) => f1[50]!)));
    expect(smoothed.frameAccuracy).toBeGreaterThan(raw.frameAccuracy! + 20);
  });

  it('is left out if the labeler makes no mistake', () => {
    const { segmentPrior, scores } = chooseSegmentPrior(noisyVideos(3, 4, 0.01), prior, { labels });
    expect(segmentPrior).toBeUndefined();
    expect(scores.f1[50]).toBe(100);
  });
});

describe('calibrateLabeler', () => {
  beforeAll(async () => {
    await startBackend('wasm');
  });

  /** Features that hint at the label, through noise that an untrained labeler cannot see through. */
  function sequences(seed: number): LabeledSequence[] {
    const random = createRandom(seed);
    return noisyVideos(3, seed).map(({ name, targets, isClip }) => ({
      name,
      targets,
      isClip,
      numFrames: targets.length,
      features: Float32Array.from({ length: 4 * targets.length }, () => 3 * normal(random)),
    }));
  }

  it('sets the temperature of the labeler, and returns the scores with it', async () => {
    const labeler = TemporalLabeler.create({ featureSize: 4, numLabels: 3, units: 6 }, { seed: 1 });
    const validation = sequences(2);
    const before = await scoreSequences(labeler, validation, labels);
    const { temperature, segmentPrior, scores } = await calibrateLabeler(labeler, sequences(1), validation, {
      labels,
    });
    expect(temperature).not.toBe(1);
    expect(labeler.temperature).toBe(temperature);
    expect(scores!.loss).toBeLessThan(before.loss!);
    const again = scorePredictions(await predictSequences(labeler, validation), {
      labels,
      smoothing: { prior: segmentPrior },
    });
    expect(again.loss).toBeCloseTo(scores!.loss!, 5);
    expect(again.confusion).toEqual(scores!.confusion);
    labeler.dispose();
  });

  it('leaves the labeler unchanged without validation videos', async () => {
    const labeler = TemporalLabeler.create({ featureSize: 4, numLabels: 3 });
    expect(await calibrateLabeler(labeler, sequences(1), [], { labels })).toEqual({
      temperature: 1,
      segmentPrior: undefined,
      scores: null,
    });
    labeler.dispose();
  });
});
