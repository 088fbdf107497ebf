import type { LabelSpan } from '../../timeline/timeline.js';
import type { ScoringOptions, SequencePrediction } from '../evaluation/score-sequences.js';
import { UNLABELED } from '../data/sequences.js';

/** A stretch of truth that the model does not see. */
export interface HardSegment extends LabelSpan {
  video: string;
  /** Where its pictures are, if known. */
  path?: string;
  /** Mean probability of the true label, 0 to 1. */
  truthProbability: number;
  /** The label of the highest mean probability, and that mean. */
  likeliest: { label: string; probability: number };
}

/** @returns All labeled stretches, the least probable truth first. */
export function hardestSegments(
  predictions: readonly SequencePrediction[],
  { labels, frameRate = 1 }: Pick<ScoringOptions, 'labels' | 'frameRate'>,
): HardSegment[] {
  return predictions
    .flatMap(({ name, targets, probabilities }) =>
      truthRuns(targets).map(({ target, start, end }) => {
        const means = meanProbabilities(probabilities, labels.length, start, end);
        const likeliest = means.indexOf(Math.max(...means));
        return {
          video: name,
          label: labels[target]!,
          startSec: start / frameRate,
          endSec: end / frameRate,
          truthProbability: means[target]!,
          likeliest: { label: labels[likeliest]!, probability: means[likeliest]! },
        };
      }),
    )
    .sort((a, b) => a.truthProbability - b.truthProbability);
}

/** Over the frames `[start, end)`, `[numLabels]`. */
function meanProbabilities(
  probabilities: Float32Array,
  numLabels: number,
  start: number,
  end: number,
): number[] {
  return Array.from({ length: numLabels }, (_, label) => {
    let sum = 0;
    for (let frame = start; frame < end; frame++) sum += probabilities[frame * numLabels + label]!;
    return sum / (end - start);
  });
}

/** The stretches of one label of a video, frames `[start, end)`, without those that are not labeled. */
function truthRuns(targets: Int32Array): { target: number; start: number; end: number }[] {
  const runs: ReturnType<typeof truthRuns> = [];
  for (let start = 0, end = 0; start < targets.length; start = end) {
    const target = targets[start]!;
    while (targets[end] === target && end < targets.length) end++;
    if (target !== UNLABELED) runs.push({ target, start, end });
  }
  return runs;
}
