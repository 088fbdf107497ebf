import { UsageError } from '../errors.js';
import type { ScoredFrame } from './timeline.js';

/** Label of frames and segments whose confidence is too low. */
export const UNKNOWN_LABEL = 'unknown';

/** Adds "unknown" to the labels of a model, unless it is one of them. */
export function withUnknown(labels: readonly string[]): string[] {
  return labels.includes(UNKNOWN_LABEL) ? [...labels] : [...labels, UNKNOWN_LABEL];
}

/**
 * Labels each frame "unknown" whose confidence is below a threshold. It decides frame by frame, so that a stream and a
 * whole file agree. The confidence is kept.
 *
 * @param labels - Names in the order of the probabilities. If "unknown" is not one of them, it is appended with
 *   probability 0, because the network has no such output.
 * @param unknownBelow - Threshold, 0 to 1.
 * @returns New frames.
 * @throws {UsageError} If the threshold is not from 0 to 1.
 */
export function markUnknownFrames(
  frames: readonly ScoredFrame[],
  labels: readonly string[],
  unknownBelow: number,
): ScoredFrame[] {
  requireProbability(unknownBelow);
  const numLabels = withUnknown(labels).length;
  return frames.map((frame) => {
    const probabilities = new Float32Array(numLabels);
    probabilities.set(frame.probabilities);
    const label = frame.confidence < unknownBelow ? UNKNOWN_LABEL : frame.label;
    return { ...frame, probabilities, label };
  });
}

/**
 * Labels each run of frames of one label "unknown" if its mean confidence is below a threshold. Runs are judged as a
 * whole, because single frames would split what smoothing has joined.
 *
 * @returns New frames.
 * @throws {UsageError} If the threshold is not from 0 to 1.
 */
export function markUnknownSegments(frames: readonly ScoredFrame[], unknownBelow: number): ScoredFrame[] {
  requireProbability(unknownBelow);
  const marked = [...frames];
  for (let start = 0, end = 0; start < frames.length; start = end) {
    let confidenceSum = 0;
    for (; end < frames.length && frames[end]?.label === frames[start]?.label; end++) {
      confidenceSum += (frames[end] as ScoredFrame).confidence;
    }
    if (confidenceSum / (end - start) >= unknownBelow) continue;
    for (let i = start; i < end; i++) marked[i] = { ...(frames[i] as ScoredFrame), label: UNKNOWN_LABEL };
  }
  return marked;
}

function requireProbability(value: number): void {
  if (value >= 0 && value <= 1) return;
  throw new UsageError(
    `unknownBelow, the confidence below which a label is unknown, must be from 0 to 1, received ${value}.`,
  );
}
