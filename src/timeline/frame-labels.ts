import { ShapeError } from '../errors.js';
import type { FrameLabel, ScoredFrame } from './timeline.js';

/**
 * Times closer than this count as equal. Containers and label files round to milliseconds, so a frame at 1/15 s and a
 * boundary written as 0.067 s are the same instant.
 */
export const TIME_TOLERANCE_SEC = 0.001;

/**
 * Labels one frame with the label of highest probability, the first one on a tie. Streaming and whole-file labeling both
 * call this, so they cannot disagree.
 *
 * @param labels - Names in the order of the probabilities.
 * @param probabilities - Probability of every label, `[labels]`. The frame keeps this array, not a copy.
 * @param index - Zero-based position of the frame.
 * @param timeSec - Seconds since the stream's start.
 * @throws {ShapeError} If there is not exactly one probability per label, or one is NaN.
 */
export function labelFrame(
  labels: readonly string[],
  probabilities: Float32Array,
  index: number,
  timeSec: number,
): ScoredFrame {
  const best = indexOfMaximum(probabilities);
  const label = labels[best];
  if (label === undefined || probabilities.length !== labels.length || probabilities.some(Number.isNaN)) {
    throw new ShapeError(
      `Probabilities of frame ${index}`,
      `${labels.length} numbers, one per label`,
      `[${Array.from(probabilities).join(', ')}]`,
    );
  }
  return { index, timeSec, label, confidence: probabilities[best] as number, probabilities };
}

/**
 * Labels each of many frames, as {@link labelFrame} does.
 *
 * @param timesSec - Time of each frame, `[numFrames]`.
 * @param probabilities - float32 `[numFrames, labels]`. The frames share its memory.
 * @throws {ShapeError} If there is not exactly one probability per frame and label.
 */
export function labelFrames(
  labels: readonly string[],
  probabilities: Float32Array,
  timesSec: readonly number[],
): ScoredFrame[] {
  const width = labels.length;
  if (probabilities.length !== timesSec.length * width) {
    throw new ShapeError(
      'Probabilities of a video',
      `[${timesSec.length}, ${width}], ${timesSec.length * width} values`,
      `${probabilities.length} values`,
    );
  }
  return timesSec.map((timeSec, index) =>
    labelFrame(labels, probabilities.subarray(index * width, (index + 1) * width), index, timeSec),
  );
}

/**
 * Labels a whole clip with the label of highest mean probability over its frames.
 *
 * @param probabilities - float32 `[numFrames, labels]`.
 * @returns The label, and its mean probability.
 * @throws {ShapeError} If the clip has no frame, or not exactly one probability per frame and label.
 */
export function labelClip(
  labels: readonly string[],
  probabilities: Float32Array,
): { label: string; confidence: number } {
  const numFrames = probabilities.length / labels.length;
  const mean = new Float32Array(labels.length);
  probabilities.forEach((probability, i) => (mean[i % mean.length]! += probability / numFrames));
  if (!(numFrames > 0 && Number.isInteger(numFrames))) {
    throw new ShapeError(
      'Probabilities of a clip',
      `[frames, ${labels.length}]`,
      `${probabilities.length} values`,
    );
  }
  const { label, confidence } = labelFrame(labels, mean, 0, 0);
  return { label, confidence };
}

/**
 * Labels every source frame like the last sample at or before its time, or like the first sample if there is none.
 * A sample at k/rate holds for `[k/rate, (k+1)/rate)`. Segments are bounded in the same way, so a source frame's label
 * agrees with the segment around it.
 *
 * @param samples - Frames that the model labeled, times ascending.
 * @param sourceTimesSec - Time of every source frame, ascending.
 * @returns One frame per source frame; `index` counts source frames, and probabilities are shared with the sample.
 * @throws {ShapeError} If there are source frames but no sample.
 */
export function labelSourceFrames<Frame extends FrameLabel>(
  samples: readonly Frame[],
  sourceTimesSec: readonly number[],
): Frame[] {
  let current = 0;
  return sourceTimesSec.map((timeSec, index) => {
    while ((samples[current + 1]?.timeSec ?? Infinity) <= timeSec + TIME_TOLERANCE_SEC) current++;
    const sample = samples[current];
    if (!sample) throw new ShapeError('Samples to take labels from', 'at least one', 'none');
    return { ...sample, index, timeSec };
  });
}

/** Position of the largest value, the first on a tie; 0 for an empty array. */
export function indexOfMaximum(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if ((values[i] as number) > (values[best] as number)) best = i;
  }
  return best;
}
