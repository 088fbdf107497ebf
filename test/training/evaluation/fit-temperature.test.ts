import { describe, expect, it } from 'vitest';
import { applyTemperature, fitTemperature } from '../../../src/training/evaluation/fit-temperature.js';
import { createRandom } from '../../../src/training/data/random.js';
import {
  scorePredictions,
  type SequencePrediction,
} from '../../../src/training/evaluation/score-sequences.js';
import { UNLABELED } from '../../../src/training/data/sequences.js';
import { normal, softmax } from '../loop/noisy-videos.js';

const NUM_LABELS = 4;
const labels = ['a', 'b', 'c', 'd'];

/** Frames whose labels are drawn from a softmax, shown by a labeler whose logits are `sureness` times too large. */
function overconfident(sureness: number, numFrames: number, seed: number) {
  const random = createRandom(seed);
  const logits = Array.from({ length: numFrames }, () => labels.map(() => 1.5 * normal(random)));
  const targets = logits.map((row) => {
    let rest = random();
    const drawn = softmax(row).findIndex((probability) => (rest -= probability) < 0);
    return drawn < 0 ? NUM_LABELS - 1 : drawn; // rounding
  });
  const shown = logits.map((row) => row.map((logit) => sureness * logit));
  return { shown, targets, prediction: predictionOf(shown, targets) };
}
function predictionOf(logits: number[][], targets: number[]): SequencePrediction {
  const probabilities = Float32Array.from(logits.flatMap(softmax));
  return { name: 'video', targets: Int32Array.from(targets), isClip: false, probabilities };
}

describe('fitTemperature', () => {
  it.each([0.5, 1, 3])('finds that logits are %d times what they should be', (sureness) => {
    const { prediction } = overconfident(sureness, 8000, 7);
    expect(Math.abs(fitTemperature([prediction], NUM_LABELS) / sureness - 1)).toBeLessThan(0.05);
  });

  it('finds the minimum: the expected mean logit equals the mean logit of the true labels', () => {
    const { shown, targets, prediction } = overconfident(2, 300, 5);
    const temperature = fitTemperature([prediction], NUM_LABELS);
    const slopes = shown.map((row, frame) => {
      const expected = softmax(row.map((logit) => logit / temperature)).reduce(
        (sum, probability, i) => sum + probability * row[i]!,
        0,
      );
      return expected - row[targets[frame]!]!;
    });
    expect(slopes.reduce((sum, slope) => sum + slope, 0) / slopes.length).toBeCloseTo(0, 4);
  });

  it('makes confidences mean what they say and changes no label', () => {
    const { prediction } = overconfident(4, 2000, 3);
    const calibrated = applyTemperature([prediction], NUM_LABELS, fitTemperature([prediction], NUM_LABELS));
    const [before, after] = [[prediction], calibrated].map((one) => scorePredictions(one, { labels }));
    expect(before!.calibrationError).toBeGreaterThan(10);
    expect(after!.calibrationError).toBeLessThan(3);
    expect(after!.loss).toBeLessThan(before!.loss!);
    expect(after!.confusion).toEqual(before!.confusion);
  });

  it('uses only labeled frames', () => {
    const { shown, targets, prediction } = overconfident(3, 500, 9);
    const gaps = predictionOf(
      [...shown, ...shown.map((row) => row.map((logit) => 50 * logit))],
      [...targets, ...targets.map(() => UNLABELED)],
    );
    expect(fitTemperature([gaps], NUM_LABELS)).toBeCloseTo(fitTemperature([prediction], NUM_LABELS), 6);
  });

  it('does not raise the confidence if every frame is right or none is labeled', () => {
    expect(
      fitTemperature(
        [
          predictionOf(
            [
              [2, 0, 0, 0],
              [0, 1, 0, 0],
            ],
            [0, 1],
          ),
        ],
        NUM_LABELS,
      ),
    ).toBe(1);
    expect(fitTemperature([predictionOf([[2, 0, 0, 0]], [UNLABELED])], NUM_LABELS)).toBe(1);
    expect(fitTemperature([], NUM_LABELS)).toBe(1);
  });

  it('stays finite for a labeler that is surely wrong', () => {
    const temperature = fitTemperature(
      [
        predictionOf(
          [
            [1000, 0, 0, 0],
            [1000, 0, 0, 0],
          ],
          [0, 1],
        ),
      ],
      NUM_LABELS,
    );
    expect(temperature).toBeGreaterThan(1);
    expect(temperature).toBeLessThanOrEqual(20);
  });
});

describe('applyTemperature', () => {
  it('returns the softmax of the logits divided by the temperature', () => {
    const { shown, prediction } = overconfident(2, 50, 1);
    const [tempered] = applyTemperature([prediction], NUM_LABELS, 1.7);
    const expected = shown.flatMap((row) => softmax(row.map((logit) => logit / 1.7)));
    tempered!.probabilities.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  });
});
