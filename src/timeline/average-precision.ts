import { intersectionOverUnion, type LabelRun } from './segment-matching.js';

/** Thresholds of intersection over union at which ActivityNet takes average precision: 0.5, 0.55, …, 0.95. */
const OVERLAPS = Array.from({ length: 10 }, (_, step) => 0.5 + 0.05 * step);

/** A predicted segment: its confidence, and the true segments that it may match, best overlap first. */
interface Claim {
  confidence: number;
  candidates: { truth: LabelRun; overlap: number }[];
}

/**
 * Computes the average precision of each label over the segments predicted in many videos, as ActivityNet defines it. Its
 * mean over the labels is mAP.
 *
 * @see Caba Heilbron et al. 2015, "ActivityNet: a large-scale video benchmark for human activity understanding".
 */
export class AveragePrecisionScorer {
  readonly #numTruths = new Map<string, number>();
  readonly #claims = new Map<string, Claim[]>();

  /**
   * Adds one video.
   *
   * @param confidences - Confidence of each frame's label, `[numFrames]`; a segment's confidence is their mean.
   */
  add(truth: readonly LabelRun[], predicted: readonly LabelRun[], confidences: readonly number[]): void {
    for (const { label } of truth) this.#numTruths.set(label, (this.#numTruths.get(label) ?? 0) + 1);
    for (const run of predicted) {
      const claims = this.#claims.get(run.label) ?? [];
      const sum = confidences.slice(run.start, run.end).reduce((total, value) => total + value, 0);
      claims.push({ confidence: sum / (run.end - run.start), candidates: candidatesOf(run, truth) });
      this.#claims.set(run.label, claims);
    }
  }

  /** Percent by label, averaged over the thresholds, for labels that occur in the truth. A label never found has 0. */
  result(): Map<string, number> {
    const scores = [...this.#numTruths].map(([label, numTruths]): [string, number] => {
      const ranked = (this.#claims.get(label) ?? []).toSorted((a, b) => b.confidence - a.confidence);
      const sum = OVERLAPS.reduce(
        (total, overlap) => total + averagePrecision(numTruths, ranked, overlap),
        0,
      );
      return [label, (100 * sum) / OVERLAPS.length];
    });
    return new Map(scores);
  }
}

function candidatesOf(run: LabelRun, truths: readonly LabelRun[]): Claim['candidates'] {
  return truths
    .filter(({ label }) => label === run.label)
    .map((truth) => ({ truth, overlap: intersectionOverUnion(truth, run) }))
    .filter(({ overlap }) => overlap >= (OVERLAPS[0] as number))
    .sort((a, b) => b.overlap - a.overlap);
}

/**
 * Area under the precision-recall curve, where the precision at each recall is the best at that or any higher recall. In
 * order of confidence, each claim takes the free true segment with the highest overlap, if it reaches the threshold.
 */
function averagePrecision(numTruths: number, ranked: readonly Claim[], threshold: number): number {
  const taken = new Set<LabelRun>();
  const precisions: number[] = []; // at each hit
  ranked.forEach(({ candidates }, rank) => {
    const found = candidates.find(({ truth, overlap }) => overlap >= threshold && !taken.has(truth));
    if (!found) return;
    taken.add(found.truth);
    precisions.push(taken.size / (rank + 1));
  });
  let area = 0;
  let bestBeyond = 0;
  for (const precision of precisions.reverse()) {
    bestBeyond = Math.max(bestBeyond, precision);
    area += bestBeyond / numTruths;
  }
  return area;
}
