import { UsageError } from '../errors.js';
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

/** Frames `[start, end)` of one label, linked to the runs before and after it. */
interface Run {
  start: number;
  end: number;
  choice: number;
  /** Whole milliseconds, so that equally many regular frames have equal durations. */
  durationMs: number;
  previous: Run | undefined;
  next: Run | undefined;
  isAbsorbed: boolean;
}

/**
 * Absorbs runs of one label that are too short, the shortest first and the earlier on a tie. A run takes the label of
 * the neighbor with the higher mean probability over the run's frames, the earlier neighbor on a tie; runs that then
 * share a label are joined. Takes O(s log s) time in the number of runs s, so hours of flicker are no problem.
 *
 * @param choices - Label index of each frame, `[numFrames]`. Rewritten in place.
 * @param frames - Frames with the model's probabilities, times ascending.
 * @param endSec - End of the last frame.
 * @param minDurationSec - Shortest duration that a run may keep, unless it is the whole video.
 */
function absorbShortRuns(
  choices: number[],
  frames: readonly ScoredFrame[],
  endSec: number,
  minDurationSec: number,
): void {
  const timeAt = (index: number): number => frames[index]?.timeSec ?? endSec;
  const runOf = (start: number, end: number, choice: number, previous?: Run, next?: Run): Run => {
    const durationMs = Math.round(1000 * (timeAt(end) - timeAt(start)));
    const run: Run = { start, end, choice, durationMs, previous, next, isAbsorbed: false };
    if (previous) previous.next = run;
    if (next) next.previous = run;
    return run;
  };
  const isShort = (run: Run): boolean => run.durationMs < Math.round(1000 * minDurationSec);

  const shortRuns = new PriorityQueue<Run>((a, b) => a.durationMs - b.durationMs || a.start - b.start);
  const runs: Run[] = [];
  for (let start = 0, end = 0; start < choices.length; start = end) {
    const choice = choices[start] as number;
    while (choices[end] === choice) end++;
    runs.push(runOf(start, end, choice, runs.at(-1)));
  }
  for (const run of runs) if (isShort(run)) shortRuns.push(run);
  for (let run = shortRuns.pop(); run; run = shortRuns.pop()) {
    if (run.isAbsorbed || !(run.previous || run.next)) continue;
    let { previous, next } = run;
    const choice = betterNeighbor(run, frames).choice;
    if (previous?.choice !== choice) previous = undefined;
    if (next?.choice !== choice) next = undefined;
    const joined = runOf(
      (previous ?? run).start,
      (next ?? run).end,
      choice,
      (previous ?? run).previous,
      (next ?? run).next,
    );
    for (const part of [previous, run, next]) if (part) part.isAbsorbed = true;
    choices.fill(choice, run.start, run.end);
    if (isShort(joined)) shortRuns.push(joined);
  }
}

/** The neighbor whose label has the higher probability over the run's frames. */
function betterNeighbor({ start, end, previous, next }: Run, frames: readonly ScoredFrame[]): Run {
  const fit = (neighbor: Run | undefined): number => {
    if (!neighbor) return -1;
    let sum = 0;
    for (let i = start; i < end; i++) {
      sum += (frames[i] as ScoredFrame).probabilities[neighbor.choice] as number;
    }
    return sum;
  };
  return (fit(next) > fit(previous) ? next : previous) as Run;
}

/** A binary heap. It returns its items in ascending order, whatever the order in which they were pushed. */
export class PriorityQueue<Item> {
  readonly #heap: Item[] = [];
  readonly #compare: (a: Item, b: Item) => number;

  /** @param compare - Negative if `a` comes before `b`, as for `Array.prototype.sort`. */
  constructor(compare: (a: Item, b: Item) => number) {
    this.#compare = compare;
  }

  /** Adds an item in O(log n) time. */
  push(item: Item): void {
    const heap = this.#heap;
    let hole = heap.length;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (this.#compare(item, heap[parent] as Item) >= 0) break;
      heap[hole] = heap[parent] as Item;
      hole = parent;
    }
    heap[hole] = item;
  }

  /** Removes and returns the first item in O(log n) time; undefined if the queue is empty. */
  pop(): Item | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child + 1 < heap.length && this.#compare(heap[child + 1] as Item, heap[child] as Item) < 0) child++;
      if (child >= heap.length || this.#compare(last, heap[child] as Item) <= 0) break;
      heap[hole] = heap[child] as Item;
      hole = child;
    }
    heap[hole] = last;
    return first;
  }
}
