import type { SegmentPrior } from '../../timeline/viterbi.js';
import { UNLABELED, type LabeledSequence } from './sequences.js';

/** Least standard deviation of log-durations, so that durations which vary by chance stay probable. */
const MIN_LOG_DEVIATION = 0.1;

/** Consecutive frames with the same label. */
interface TrueSegment {
  label: number;
  numFrames: number;
}

/**
 * Learns from the labels of training videos which label comes first, which label follows which, and how long each lasts.
 *
 * One is added to every count, so that nothing unseen is impossible. One segment with the mean and variance of all labels
 * is added to each label's log-durations; an unseen label gets just that one. Unlabeled stretches are skipped: the label
 * after one follows the label before it. Segments cut off by the ends of a video count like any other.
 *
 * @returns The prior, with weight 1.
 */
export function learnSegmentPrior(
  sequences: readonly Pick<LabeledSequence, 'targets'>[],
  numLabels: number,
): SegmentPrior {
  const videos = sequences.map(({ targets }) => trueSegments(targets)).filter(({ length }) => length > 0);
  const initial = new Array<number>(numLabels).fill(1);
  const transitions = initial.map((_, row) => initial.map((_, column) => (row === column ? 0 : 1)));
  const logDurations = initial.map((): number[] => []);
  for (const segments of videos) {
    initial[(segments[0] as TrueSegment).label]!++;
    segments.forEach(({ label, numFrames }, position) => {
      logDurations[label]!.push(Math.log(numFrames));
      const next = segments[position + 1];
      if (next && next.label !== label) transitions[label]![next.label]!++;
    });
  }
  const pooled = meanAndVariance(logDurations.flat());
  return {
    weight: 1,
    initial: shares(initial),
    transitions: transitions.map(shares),
    durations: logDurations.map((own) => {
      const logMean = mean([...own, pooled.mean]);
      const variance = mean([...own.map((value) => (value - logMean) ** 2), pooled.variance]);
      return { logMean, logDeviation: Math.max(Math.sqrt(variance), MIN_LOG_DEVIATION) };
    }),
  };
}

function trueSegments(targets: Int32Array): TrueSegment[] {
  const segments: TrueSegment[] = [];
  for (let start = 0, end = 0; start < targets.length; start = end) {
    const label = targets[start] as number;
    while (end < targets.length && targets[end] === label) end++;
    if (label !== UNLABELED) segments.push({ label, numFrames: end - start });
  }
  return segments;
}

function shares(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / total);
}

function meanAndVariance(values: readonly number[]): { mean: number; variance: number } {
  const center = mean(values);
  return { mean: center, variance: mean(values.map((value) => (value - center) ** 2)) };
}

/** 0 for no values. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
}
