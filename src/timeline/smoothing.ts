import { UsageError } from '../errors.js';
import { absorbShortRuns } from './absorb-short-runs.js';
import { indexOfMaximum, TIME_TOLERANCE_SEC } from './frame-labels.js';
import type { ScoredFrame } from './timeline.js';
import { viterbiLabels, type SegmentPrior } from './viterbi.js';

/** How to smooth the labels of a video. Every kind of smoothing is off unless given. */
export interface SmoothingOptions {
  /** Use the most probable segmentation under this prior. Cannot be combined with `medianSec`. */
  prior?: SegmentPrior;
  /** Width in seconds of the window, centered on a frame, over which each label's median probability is taken. */
  medianSec?: number;
  /** Shortest segment in seconds; shorter ones are absorbed by a neighbor. */
  minDurationSec?: number;
}

/**
 * Relabels frames so that segments stop flickering.
 *
 * First, new labels are chosen: with a prior, those of the most probable segmentation; with a median window, those of
 * the highest median probability. Then segments shorter than the minimum are absorbed by a neighbor, the shortest
 * first. Every remaining segment is long enough, or is the whole video.
 *
 * @param labels - Names in the order of the probabilities.
 * @param frames - Frames as the model labeled them, times ascending.
 * @param endSec - End of the last segment.
 * @returns New frames; `confidence` is the model's own probability of the new label.
 * @throws {UsageError} If an option is not a number of seconds from 0, or both a prior and a median are given.
 * @throws {ShapeError} If the prior has another number of labels.
 */
export function smoothLabels(
  labels: readonly string[],
  frames: readonly ScoredFrame[],
  endSec: number,
  { prior, medianSec = 0, minDurationSec = 0 }: SmoothingOptions,
): ScoredFrame[] {
  requireSeconds('median window', medianSec);
  requireSeconds('minimum duration', minDurationSec);
  if (prior && medianSec > 0) throw new UsageError('Smooth by a prior or by a median, not by both.');
  const choices = chooseLabels(labels, frames, prior, medianSec);
  if (minDurationSec > 0) absorbShortRuns(choices, frames, endSec, minDurationSec);
  return frames.map((frame, index) => {
    const choice = choices[index] as number;
    return { ...frame, label: labels[choice] as string, confidence: frame.probabilities[choice] as number };
  });
}

function chooseLabels(
  labels: readonly string[],
  frames: readonly ScoredFrame[],
  prior: SegmentPrior | undefined,
  medianSec: number,
): number[] {
  if (prior) {
    return viterbiLabels(
      frames.map(({ probabilities }) => probabilities),
      prior,
    );
  }
  if (medianSec > 0) return chooseByMedian(frames, medianSec);
  return frames.map((frame) => labels.indexOf(frame.label));
}

/** Label index of the highest median probability in each frame's window. Windows are cut at the ends of the video. */
function chooseByMedian(frames: readonly ScoredFrame[], medianSec: number): number[] {
  const reachSec = medianSec / 2 + TIME_TOLERANCE_SEC;
  let first = 0;
  let end = 0; // the window is frames [first, end)
  return frames.map(({ timeSec, probabilities }) => {
    while ((frames[first] as ScoredFrame).timeSec < timeSec - reachSec) first++;
    while ((frames[end]?.timeSec ?? Infinity) <= timeSec + reachSec) end++;
    const window = frames.slice(first, end);
    return indexOfMaximum(
      probabilities.map((_, column) =>
        median(Float32Array.from(window, (frame) => frame.probabilities[column] as number)),
      ),
    );
  });
}

function median(values: Float32Array): number {
  values.sort();
  const middle = values.length >> 1;
  const upper = values[middle] as number;
  return values.length % 2 ? upper : ((values[middle - 1] as number) + upper) / 2;
}

function requireSeconds(what: string, value: number): void {
  if (!(value >= 0 && value < Infinity)) {
    throw new UsageError(`The ${what} must be a number of seconds from 0, received ${value}.`);
  }
}
