/** Frames `[start, end)` of one label. */
export interface LabelRun {
  label: string;
  start: number;
  end: number;
}

/** How many predicted segments found their truth (hits), found none, and how many truths were never found. */
export interface SegmentMatches {
  hits: number;
  falseAlarms: number;
  misses: number;
}

/** Joins equal neighbors into runs, and drops the runs of background labels. */
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
 * Segmental edit score: 100·(1 − Levenshtein distance of the two label orders / the longer length). Two empty
 * sequences agree: 100.
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
 * Matches predicted segments with true ones as F1@k does: each predicted segment, in order, takes the truth of its
 * label with the highest intersection over union, and is a hit if that reaches the threshold and the truth is free.
 *
 * @param threshold - Least intersection over union, above 0, to 1.
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
  // Each truth is hit once at most: a second claim on it is a false alarm.
  const hits = found.size;
  return { hits, falseAlarms: predicted.length - hits, misses: truth.length - hits };
}

/** Share of the frames of either run that both have, 0 to 1. */
export function intersectionOverUnion(a: LabelRun, b: LabelRun): number {
  const intersection = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  return Math.max(0, intersection) / (a.end - a.start + b.end - b.start - Math.max(0, intersection));
}
