import { ShapeError } from '../errors.js';
import { AveragePrecisionScorer } from './average-precision.js';
import { editScore, labelRuns, matchSegments, type SegmentMatches } from './segment-matching.js';

/** Thresholds k of F1@k, in percent of intersection over union. */
const F1_OVERLAPS = [10, 25, 50] as const;

/** Scores of one label. Average precision is over segments, everything else over frames. */
interface LabelScores {
  label: string;
  /** Number of frames with this true label (support). */
  numFrames: number;
  /** Percent of the frames predicted as this label that are correct; null if there are none. */
  precision: number | null;
  /** Percent of the frames with this true label that are predicted as it; null if there are none. */
  recall: number | null;
  /** Harmonic mean of precision and recall; null if the label occurs neither in the truth nor in the prediction. */
  f1: number | null;
  /** Average precision of its segments, see {@link AveragePrecisionScorer}; null if it does not occur in the truth. */
  averagePrecision: number | null;
}

/** Scores of labeled videos. Scores are percentages, and null where they are undefined, never NaN. */
export interface SegmentationScores {
  /** Number of videos with at least one frame of known label. */
  numVideos: number;
  /** Number of frames of known label in all videos. */
  numFrames: number;
  /** Correct frames among those of known label, pooled over the videos, background included (MoF). */
  frameAccuracy: number | null;
  /** Segmental edit score, mean over the videos, without background. */
  edit: number | null;
  /** Segmental F1 at an intersection over union of 10, 25 and 50 percent, without background. */
  f1: Record<(typeof F1_OVERLAPS)[number], number | null>;
  /**
   * Mean average precision over the labels, at an intersection over union of 50, 55, …, 95 percent as in ActivityNet,
   * without background; null if there is no such label, or confidences are unknown.
   */
  meanAveragePrecision: number | null;
  /** Names of the rows and columns of `confusion`. */
  labels: string[];
  /** Number of frames of each true label (row) that are predicted as each label (column). */
  confusion: number[][];
  perLabel: LabelScores[];
}

/** How to score. */
interface ScorerOptions {
  /** Labels to report, in this order. Other labels that occur are appended. */
  labels?: readonly string[];
  /** Labels that mean "no activity", left out of edit score, F1 and average precision. Default: none. */
  backgroundLabels?: readonly string[];
}

/**
 * Scores labeled videos against the truth. Videos are added one at a time, and only counts are kept.
 *
 * @see Abu Farha and Gall 2019, arXiv:1903.01945, whose reference evaluation gives the same numbers.
 */
export class SegmentationScorer {
  readonly #background: ReadonlySet<string>;
  readonly #labels: string[];
  /** Number of frames by true label and predicted label. */
  readonly #confusion = new Map<string, Map<string, number>>();
  readonly #matches = F1_OVERLAPS.map(() => ({ hits: 0, falseAlarms: 0, misses: 0 }));
  /** Undefined once a video was added without confidences. */
  #detections: AveragePrecisionScorer | undefined = new AveragePrecisionScorer();
  #numVideos = 0;
  #editSum = 0;

  constructor({ labels = [], backgroundLabels = [] }: ScorerOptions = {}) {
    this.#labels = [...new Set(labels)];
    this.#background = new Set(backgroundLabels);
  }

  /**
   * Adds one video. Frames without a true label are removed before anything is counted; a video that has only such frames
   * is ignored.
   *
   * @param truth - True label of each frame, `[numFrames]`; undefined if unknown.
   * @param predicted - Label given to each frame, `[numFrames]`.
   * @param confidences - Probability of the label given to each frame, `[numFrames]`. Average precision needs them.
   * @throws {ShapeError} If the lengths differ.
   */
  add(
    truth: readonly (string | undefined)[],
    predicted: readonly string[],
    confidences?: readonly number[],
  ): void {
    expectAsMany('Predicted labels', truth, predicted);
    if (confidences) expectAsMany('Confidences', truth, confidences);
    const labeledTruth = truth.filter((label) => label !== undefined);
    if (labeledTruth.length === 0) return;
    const isLabeled = (_: unknown, frame: number): boolean => truth[frame] !== undefined;
    const labeledPrediction = predicted.filter(isLabeled);
    labeledTruth.forEach((label, frame) => this.#countFrame(label, labeledPrediction[frame] as string));

    const trueRuns = labelRuns(labeledTruth, this.#background);
    const predictedRuns = labelRuns(labeledPrediction, this.#background);
    if (confidences) this.#detections?.add(trueRuns, predictedRuns, confidences.filter(isLabeled));
    else this.#detections = undefined;
    this.#numVideos++;
    this.#editSum += editScore(trueRuns, predictedRuns);
    F1_OVERLAPS.forEach((percent, i) => {
      const total = this.#matches[i] as SegmentMatches;
      const { hits, falseAlarms, misses } = matchSegments(trueRuns, predictedRuns, percent / 100);
      total.hits += hits;
      total.falseAlarms += falseAlarms;
      total.misses += misses;
    });
  }

  /** The scores of the videos added so far. */
  result(): SegmentationScores {
    const labels = [...this.#labels];
    const confusion = labels.map((row) => labels.map((column) => this.#confusion.get(row)?.get(column) ?? 0));
    const correct = labels.map((_, i) => confusion[i]?.[i] as number);
    const shown = confusion.map(sum);
    const given = labels.map((_, column) => sum(confusion.map((row) => row[column] as number)));
    const [f1At10, f1At25, f1At50] = this.#matches.map(segmentalF1) as [
      number | null,
      number | null,
      number | null,
    ];
    const averagePrecisions = this.#detections?.result() ?? new Map<string, number>();
    return {
      numVideos: this.#numVideos,
      numFrames: sum(shown),
      frameAccuracy: percentage(sum(correct), sum(shown)),
      edit: this.#numVideos > 0 ? this.#editSum / this.#numVideos : null,
      f1: { 10: f1At10, 25: f1At25, 50: f1At50 },
      meanAveragePrecision: mean([...averagePrecisions.values()]),
      labels,
      confusion,
      perLabel: labels.map((label, i) => ({
        label,
        numFrames: shown[i] as number,
        precision: percentage(correct[i] as number, given[i] as number),
        recall: percentage(correct[i] as number, shown[i] as number),
        f1: percentage(2 * (correct[i] as number), (shown[i] as number) + (given[i] as number)),
        averagePrecision: averagePrecisions.get(label) ?? null,
      })),
    };
  }

  #countFrame(truth: string, predicted: string): void {
    for (const label of [truth, predicted]) if (!this.#labels.includes(label)) this.#labels.push(label);
    const row = this.#confusion.get(truth) ?? new Map<string, number>();
    this.#confusion.set(truth, row.set(predicted, (row.get(predicted) ?? 0) + 1));
  }
}

function expectAsMany(what: string, truth: readonly unknown[], received: readonly unknown[]): void {
  if (received.length === truth.length) return;
  throw new ShapeError(what, `${truth.length}, one per frame of the truth`, `${received.length}`);
}

/** Computed from precision and recall as the reference evaluation does, so that rounding agrees to the last digit. */
function segmentalF1({ hits, falseAlarms, misses }: SegmentMatches): number | null {
  if (hits === 0) return falseAlarms + misses > 0 ? 0 : null;
  const precision = hits / (hits + falseAlarms);
  const recall = hits / (hits + misses);
  return (200 * precision * recall) / (precision + recall);
}

function mean(values: readonly number[]): number | null {
  return values.length > 0 ? sum(values) / values.length : null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function percentage(part: number, whole: number): number | null {
  return whole > 0 ? (100 * part) / whole : null;
}
