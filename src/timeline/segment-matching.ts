/** A run of frames `[start, end)` with one label. */
export interface LabelRun {
  label: string;
  start: number;
  end: number;
}

/** Number of predicted segments with a match (hits) and without (false alarms), and of true segments without (misses). */
export interface SegmentMatches {
  hits: number;
  falseAlarms: number;
  misses: number;
}

/** Joins equal neighboring labels into runs, and drops the runs of background labels. */
export function labelRuns(frameLabels: readonly string[], backgroundLabels: ReadonlySet<string>): LabelRun[] {
  const runs: LabelRun[] = [];
  for (let start = 0, end = 0; start < frameLabels.length; start = end) {
    const label = frameLabels[start] as string;
    while (frameLabels[end] === label) end++;
    if (!backgroundLabels.has(label)) runs.push({ label, start, end });
  }
  return runs;
}

/**
 * Segmental edit score: 100·(1 − Levenshtein distance of the segment labels / the longer length). Two empty sequences
 * score 100.
 *
 * @see Lea et al. 2016, arXiv:1602.02995.
 */
export function editScore(truth: readonly LabelRun[], predicted: readonly LabelRun[]): number {
  const longer = Math.max(truth.length, predicted.length);
  if (longer === 0) return 100;
  let distances = Array.from({ length: predicted.length + 1 }, (_, column) => column);
  truth.forEach(({ label }, row) => {
    const next = [row + 1];
    predicted.forEach((run, column) => {
      const substituted = (distances[column] as number) + (run.label === label ? 0 : 1);
      const removed = (distances[column + 1] as number) + 1;
      const inserted = (next[column] as number) + 1;
      next.push(Math.min(substituted, removed, inserted));
    });
    distances = next;
  });
  return 100 * (1 - (distances[predicted.length] as number) / longer);
}

/**
 * Matches predicted with true segments as F1@k does. In order, each predicted segment takes the true segment of its label
 * with the highest intersection over union. It is a hit if that reaches the threshold and the true segment is still free.
 *
 * @param threshold - Minimum intersection over union, above 0 and up to 1.
 * @see Lea et al. 2017, arXiv:1611.05267.
 */
export function matchSegments(
  truth: readonly LabelRun[],
  predicted: readonly LabelRun[],
  threshold: number,
): SegmentMatches {
  const found = new Set<LabelRun>();
  for (const run of predicted) {
    let best: LabelRun | undefined;
    let bestOverlap = 0;
    for (const candidate of truth) {
      const overlap = candidate.label === run.label ? intersectionOverUnion(candidate, run) : 0;
      if (overlap > bestOverlap) [best, bestOverlap] = [candidate, overlap];
    }
    if (best && bestOverlap >= threshold) found.add(best);
  }
  // Each true segment is hit at most once: a second claim on it is a false alarm.
  const hits = found.size;
  return { hits, falseAlarms: predicted.length - hits, misses: truth.length - hits };
}

/** Frames in both runs divided by frames in either run, 0 to 1. */
export function intersectionOverUnion(a: LabelRun, b: LabelRun): number {
  const intersection = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  return Math.max(0, intersection) / (a.end - a.start + b.end - b.start - Math.max(0, intersection));
}
