import { intersectionOverUnion, type LabelRun } from './segment-matching.js';

/** Intersections over union at which ActivityNet takes average precision: 0.5, 0.55, …, 0.95. */
const OVERLAPS = Array.from({ length: 10 }, (_, step) => 0.5 + 0.05 * step);

/** A true segment. */
interface Truth {
  video: number;
  run: LabelRun;
}

/** A predicted segment and how sure the model is of it. */
interface Claim extends Truth {
  confidence: number;
}

/**
 * Ranks the segments predicted in many videos by confidence and measures, label by label, how far the sure ones are
 * right: mean average precision as ActivityNet defines it.
 *
 * @see Caba Heilbron et al. 2015, "ActivityNet: a large-scale video benchmark for human activity understanding".
 */
export class AveragePrecisionScorer {
  readonly #truths = new Map<string, Truth[]>();
  readonly #claims = new Map<string, Claim[]>();
  #numVideos = 0;

  /**
   * Adds one video.
   *
   * @param confidences - How sure the model is of each frame's label, `[numFrames]`; a segment has their mean.
   */
  add(truth: readonly LabelRun[], predicted: readonly LabelRun[], confidences: readonly number[]): void {
    const video = this.#numVideos++;
    for (const run of truth) append(this.#truths, run.label, { video, run });
    for (const run of predicted) {
      const sum = confidences.slice(run.start, run.end).reduce((total, value) => total + value, 0);
      append(this.#claims, run.label, { video, run, confidence: sum / (run.end - run.start) });
    }
  }

  /** Percent by label, the mean over the overlaps. Only labels that truly occur have one; never found is 0. */
  result(): Map<string, number> {
    const scores = [...this.#truths].map(([label, truths]): [string, number] => {
      const ranked = (this.#claims.get(label) ?? []).toSorted((a, b) => b.confidence - a.confidence);
      const sum = OVERLAPS.reduce((total, overlap) => total + averagePrecision(truths, ranked, overlap), 0);
      return [label, (100 * sum) / OVERLAPS.length];
    });
    return new Map(scores);
  }
}

/**
 * Area under the curve of precision over recall, the precision at each recall being the best at that recall or beyond.
 * Each claim, the surest first, takes the free truth of its video with the highest overlap, if that is enough.
 */
function averagePrecision(truths: readonly Truth[], ranked: readonly Claim[], threshold: number): number {
  const free = new Set(truths);
  const precisions: number[] = []; // at each hit
  ranked.forEach(({ video, run }, rank) => {
    let best: Truth | undefined;
    let bestOverlap = threshold;
    for (const truth of free) {
      const overlap = truth.video === video ? intersectionOverUnion(truth.run, run) : 0;
      if (overlap >= bestOverlap) [best, bestOverlap] = [truth, overlap];
    }
    if (!best) return;
    free.delete(best);
    precisions.push((precisions.length + 1) / (rank + 1));
  });
  let area = 0;
  let bestBeyond = 0;
  for (const precision of precisions.reverse()) {
    bestBeyond = Math.max(bestBeyond, precision);
    area += bestBeyond / truths.length;
  }
  return area;
}

function append<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}
