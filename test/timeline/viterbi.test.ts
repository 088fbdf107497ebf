import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/errors.js';
import { viterbiLabels, type SegmentPrior } from '../../src/timeline/viterbi.js';
import { createRandom } from './random.js';

function normalized(values: number[]): number[] {
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => value / sum);
}

function randomPrior(random: () => number, numLabels: number): SegmentPrior {
  const draw = () => Array.from({ length: numLabels }, () => 0.05 + random());
  return {
    weight: 2 * random(),
    initial: normalized(draw()),
    transitions: draw().map((_, row) =>
      normalized(draw().map((value, column) => (row === column ? 0 : value))),
    ),
    durations: draw().map(() => ({ logMean: 1.5 * random(), logDeviation: 0.2 + 0.4 * random() })),
  };
}

/** The score of one labeling of all frames by definition. It shares no code with the code under test. */
function scoreByDefinition(path: number[], probabilities: Float32Array[], prior: SegmentPrior): number {
  const { weight, initial, transitions, durations } = prior;
  const density = (label: number, numFrames: number): number => {
    const { logMean, logDeviation } = durations[label]!;
    const longest = Math.ceil(Math.exp(logMean + 2 * logDeviation));
    const d = Math.min(numFrames, longest);
    const z = (Math.log(d) - logMean) / logDeviation;
    return Math.log(Math.exp(-(z * z) / 2) / (d * logDeviation * Math.sqrt(2 * Math.PI)));
  };
  let score = path.reduce((sum, label, frame) => sum + Math.log(probabilities[frame]![label]!), 0);
  score += weight * Math.log(initial[path[0]!]!);
  for (let start = 0, end = 0; start < path.length; start = end) {
    const label = path[start]!;
    while (end < path.length && path[end] === label) end++;
    const isCut = start === 0 || end === path.length;
    const possible = isCut ? Array.from({ length: 100 }, (_, more) => end - start + more) : [end - start];
    score += weight * Math.max(...possible.map((numFrames) => density(label, numFrames)));
    if (start > 0) score += weight * Math.log(transitions[path[start - 1]!]![label]!);
  }
  return score;
}

function bestByTryingAll(probabilities: Float32Array[], prior: SegmentPrior): number[] {
  const numLabels = prior.initial.length;
  let best: number[] = [];
  let bestScore = -Infinity;
  for (let code = 0; code < numLabels ** probabilities.length; code++) {
    const path = probabilities.map((_, frame) => Math.floor(code / numLabels ** frame) % numLabels);
    const score = scoreByDefinition(path, probabilities, prior);
    if (score > bestScore) [best, bestScore] = [path, score];
  }
  return best;
}

const videoOf = (numFrames: number, numLabels: number, random: () => number) =>
  Array.from({ length: numFrames }, () =>
    Float32Array.from(normalized(Array.from({ length: numLabels }, () => 0.02 + random() ** 2))),
  );

describe('viterbiLabels', () => {
  it('finds the same labels as an exhaustive search', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = createRandom(seed * 7919);
      const [numLabels, numFrames] = seed % 2 ? [3, 1 + (seed % 7)] : [2, 4 + (seed % 7)];
      const prior = randomPrior(random, numLabels);
      const video = videoOf(numFrames, numLabels, random);
      expect(viterbiLabels(video, prior), `seed ${seed}`).toEqual(bestByTryingAll(video, prior));
    }
  });

  it('uses only the frames if the prior has weight 0', () => {
    const random = createRandom(3);
    const video = videoOf(200, 4, random);
    const own = video.map((row) => row.indexOf(Math.max(...row)));
    expect(viterbiLabels(video, { ...randomPrior(random, 4), weight: 0 })).toEqual(own);
  });

  const prior: SegmentPrior = {
    weight: 1,
    initial: [0.5, 0.5],
    transitions: [
      [0, 1],
      [1, 0],
    ],
    durations: [
      { logMean: Math.log(20), logDeviation: 0.3 },
      { logMean: Math.log(20), logDeviation: 0.3 },
    ],
  };
  const video = (text: string) =>
    [...text].map((letter) => Float32Array.of(...(letter === 'a' ? [0.8, 0.2] : [0.2, 0.8])));
  const smoothed = (text: string) =>
    viterbiLabels(video(text), prior)
      .map((label) => 'ab'[label])
      .join('');

  it('removes a flicker and does not move a step', () => {
    expect(smoothed('a'.repeat(9) + 'bb' + 'a'.repeat(9) + 'b'.repeat(20))).toBe(
      'a'.repeat(20) + 'b'.repeat(20),
    );
  });

  it('never splits a segment because it is long', () => {
    expect(smoothed('a'.repeat(5000))).toBe('a'.repeat(5000));
  });

  it('accepts short segments at the start and end of a video', () => {
    expect(smoothed('aaaa' + 'b'.repeat(20) + 'aaaa')).toBe('aaaa' + 'b'.repeat(20) + 'aaaa');
  });

  it('never begins with a label that the prior excludes there', () => {
    const forbidding = { ...prior, initial: [0, 1] };
    expect(viterbiLabels(video('a'.repeat(30)), forbidding)[0]).toBe(1);
    expect(viterbiLabels(video('a'.repeat(30)), { ...forbidding, weight: 0 })[0]).toBe(0);
  });

  it('ignores one wrong frame with probability 1', () => {
    const frames = video('a'.repeat(30));
    frames[10] = Float32Array.of(0, 1);
    expect(viterbiLabels(frames, prior)).toEqual(Array(30).fill(0));
  });

  it('accepts a video without frames, and refuses a prior with another number of labels', () => {
    expect(viterbiLabels([], prior)).toEqual([]);
    expect(() => viterbiLabels([Float32Array.of(0.2, 0.3, 0.5)], prior)).toThrow(ShapeError);
  });
});
