import { UsageError } from '../errors.js';
import type { ScoredFrame } from './timeline.js';

/** What a frame or segment is called of which the model is not sure enough. */
export const UNKNOWN_LABEL = 'unknown';

/** The labels that can occur once "unknown" can. */
export function withUnknown(labels: readonly string[]): string[] {
  return labels.includes(UNKNOWN_LABEL) ? [...labels] : [...labels, UNKNOWN_LABEL];
}

/**
 * Calls each frame unknown whose confidence is below a threshold, frame by frame, so that a stream and a whole file
 * agree. The confidence stays what it was.
 *
 * @param labels - Names in the order of the probabilities. Where "unknown" is not one of them it becomes the last, with
 *   a probability of 0: the network has no such output.
 * @param unknownBelow - Threshold, 0 to 1.
 * @returns New frames.
 * @throws {UsageError} If the threshold is no probability.
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
    return { ...frame, probabilities, ...(frame.confidence < unknownBelow && { label: UNKNOWN_LABEL }) };
  });
}

/**
 * Calls each run of frames of one label unknown whose mean confidence is below a threshold. What smoothing has joined
 * is judged as one, or single frames would tear it apart again.
 *
 * @returns New frames.
 * @throws {UsageError} If the threshold is no probability.
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
    `The confidence below which a label is unknown must be from 0 to 1, received ${value}.`,
  );
}
