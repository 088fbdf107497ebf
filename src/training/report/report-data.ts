import { CalibrationScorer, type ReliabilityBin } from '../../timeline/calibration-error.js';
import { labelFrames } from '../../timeline/frame-labels.js';
import { smoothLabels } from '../../timeline/smoothing.js';
import type { LabelSpan, ScoredFrame } from '../../timeline/timeline.js';
import { markUnknownSegments } from '../../timeline/unknown.js';
import {
  scorePredictions,
  type DatasetScores,
  type ScoringOptions,
  type SequencePrediction,
} from '../evaluation/score-sequences.js';
import { UNLABELED } from '../data/sequences.js';
import type { TrainingRecord } from '../loop/training-log.js';

/** What a report shows of the validation videos. A plain object without tensors or frames. */
export interface ReportData {
  labels: readonly string[];
  background?: string;
  scores: DatasetScores;
  /** From the least to the most accurate. If there are too many to show, an even selection of them. */
  videos: ReportVideo[];
  numVideos: number;
  /** The segments with the least probable true label first. */
  hardest: HardSegment[];
  /** Reliability of the frame labels before smoothing. */
  reliability: ReliabilityBin[];
}

/** A video with its true and predicted labels. */
export interface ReportVideo {
  name: string;
  /** Path of the video, if known. */
  path?: string;
  durationSec: number;
  /** Percent of labeled frames that are right; null without labeled frames. */
  frameAccuracy: number | null;
  /** True labels; for a long video, at the resolution of a screen. */
  truth: LabelSpan[];
  /** Predicted labels, without gaps. */
  predicted: LabelSpan[];
  /** Probability of the true label over time, thinned; null where no frame is labeled. */
  truthProbability: { timeSec: number; probability: number | null }[];
}

/** A labeled stretch and how probable the model finds its label. */
export interface HardSegment extends LabelSpan {
  video: string;
  /** Path of the video, if known. */
  path?: string;
  /** Mean probability of the true label, 0 to 1. */
  truthProbability: number;
  /** The label of the highest mean probability, and that mean. */
  likeliest: { label: string; probability: number };
}

/** Everything that the report of a training shows. */
export interface TrainingReport {
  /** The model's name. */
  name: string;
  /** The words of the command line; empty if a program started the training. */
  command: readonly string[];
  /** The configuration as JSON that `framewise train --config` reads. */
  configuration?: string;
  /** The records of the training log, see `readTrainingLog`. */
  records: readonly TrainingRecord[];
  /** Results on the validation videos with the weights that were kept; null without validation videos. */
  results: ReportData | null;
  dataset: ReportDataset;
  /** Settings that decide the result, by name; text or JSON values. */
  settings: Readonly<Record<string, unknown>>;
}

/** The dataset that a model was trained on. */
interface ReportDataset {
  /** The dataset as the caller named it. */
  source: string;
  /** SHA-256 of the training and validation data, hexadecimal. */
  hash: string;
  /** Number of videos on each side of the split. */
  numTraining: number;
  numValidation: number;
  labels: readonly {
    label: string;
    /** Number of labeled segments, or of clips. */
    numSegments: number;
    /** Number of videos that show the label, if counted. */
    numVideos?: number;
    /** Labeled time in seconds, if known. */
    labelledSec?: number | null;
  }[];
  /** Problems found in the dataset, such as videos left out. */
  notes?: readonly string[];
}

/** How predictions are summarized for a report. */
export interface ReportDataOptions extends ScoringOptions {
  /** Path of each video by its name, for pictures. Default: no pictures. */
  paths?: ReadonlyMap<string, string>;
  /** Largest number of videos shown. Default 12. */
  maxVideos?: number;
  /** Largest number of hard segments shown. Default 12. */
  maxSegments?: number;
}

/** Points of a curve over a video: about as many as a screen can resolve. */
const MAX_POINTS = 240;
/** Columns of the labels of a video: about as many as a screen can resolve. */
const MAX_COLUMNS = 480;

/**
 * Gathers what a report shows of the validation videos.
 *
 * @param predictions - See `predictSequences`; for videos that the model was not trained on.
 * @throws {ShapeError} If probabilities do not fit targets and labels.
 * @throws {UsageError} If the smoothing options or the threshold are out of range.
 */
export function reportData(
  predictions: readonly SequencePrediction[],
  options: ReportDataOptions,
): ReportData {
  const { labels, background, paths, maxVideos = 12, maxSegments = 12 } = options;
  const videos = predictions
    .map((prediction) => describeVideo(prediction, options))
    .sort((a, b) => (a.frameAccuracy ?? Infinity) - (b.frameAccuracy ?? Infinity));
  return {
    labels,
    background,
    scores: scorePredictions(predictions, options),
    videos: spread(videos, maxVideos),
    numVideos: videos.length,
    hardest: hardestSegments(predictions, options).slice(0, maxSegments).map(withPath),
    reliability: reliabilityOf(predictions, labels),
  };

  function withPath(segment: HardSegment): HardSegment {
    return { ...segment, path: paths?.get(segment.video) };
  }
}

function describeVideo(
  { name, targets, probabilities }: SequencePrediction,
  { labels, frameRate = 1, smoothing = {}, unknownBelow, paths }: ReportDataOptions,
): ReportVideo {
  const timesSec = Array.from(targets, (_, frame) => frame / frameRate);
  const durationSec = targets.length / frameRate;
  const smoothed = smoothLabels(labels, labelFrames(labels, probabilities, timesSec), durationSec, smoothing);
  const frames = unknownBelow === undefined ? smoothed : markUnknownSegments(smoothed, unknownBelow);
  const labeled = frames.filter(({ index }) => targets[index] !== UNLABELED);
  const right = labeled.filter(({ index, label }) => label === labels[targets[index]!]);
  return {
    name,
    path: paths?.get(name),
    durationSec,
    frameAccuracy: labeled.length > 0 ? (100 * right.length) / labeled.length : null,
    truth: thinLabels(
      Array.from(targets, (target) => labels[target]),
      frameRate,
    ),
    predicted: thinLabels(
      frames.map(({ label }) => label),
      frameRate,
    ),
    truthProbability: thinProbability(frames, targets),
  };
}

/**
 * Joins equal numbers of frames to the label that most of them have. A screen shows no more, and a model that flickers
 * does not fill the report.
 */
function thinLabels(labels: readonly (string | undefined)[], frameRate: number): LabelSpan[] {
  const groups = groupEvenly(labels, MAX_COLUMNS).map((group) => mostFrequent(group));
  const width = Math.ceil(labels.length / MAX_COLUMNS);
  const spans: LabelSpan[] = [];
  for (let start = 0, end = 0; start < groups.length; start = end) {
    while (groups[end] === groups[start] && end < groups.length) end++;
    const label = groups[start];
    if (label === undefined) continue;
    const endFrame = Math.min(end * width, labels.length);
    spans.push({ label, startSec: (start * width) / frameRate, endSec: endFrame / frameRate });
  }
  return spans;
}

function thinProbability(
  frames: readonly ScoredFrame[],
  targets: Int32Array,
): ReportVideo['truthProbability'] {
  return groupEvenly(frames, MAX_POINTS).map((group) => {
    const known = group.filter(({ index }) => targets[index] !== UNLABELED);
    const sum = known.reduce((total, { index, probabilities }) => total + probabilities[targets[index]!]!, 0);
    return { timeSec: group[0]!.timeSec, probability: known.length > 0 ? sum / known.length : null };
  });
}

/** Splits items into at most `most` groups of neighbors of equal size; the last may be smaller. */
function groupEvenly<Item>(items: readonly Item[], most: number): Item[][] {
  const width = Math.ceil(items.length / most);
  return Array.from({ length: width && Math.ceil(items.length / width) }, (_, i) =>
    items.slice(i * width, (i + 1) * width),
  );
}

/** The most frequent item; on a tie, the one that occurs first. */
function mostFrequent<Item>(items: readonly Item[]): Item | undefined {
  const counts = new Map<Item, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return [...counts].reduce((best, other) => (other[1] > best[1] ? other : best))[0];
}

/** All labeled stretches, the one with the least probable label first. */
function hardestSegments(
  predictions: readonly SequencePrediction[],
  { labels, frameRate = 1 }: Pick<ScoringOptions, 'labels' | 'frameRate'>,
): HardSegment[] {
  return predictions
    .flatMap(({ name, targets, probabilities }) =>
      truthRuns(targets).map(({ target, start, end }) => {
        const means = meanProbabilities(probabilities, labels.length, start, end);
        const likeliest = means.indexOf(Math.max(...means));
        return {
          video: name,
          label: labels[target]!,
          startSec: start / frameRate,
          endSec: end / frameRate,
          truthProbability: means[target]!,
          likeliest: { label: labels[likeliest]!, probability: means[likeliest]! },
        };
      }),
    )
    .sort((a, b) => a.truthProbability - b.truthProbability);
}

/** Mean probability of each label over the frames `[start, end)`, `[numLabels]`. */
function meanProbabilities(
  probabilities: Float32Array,
  numLabels: number,
  start: number,
  end: number,
): number[] {
  return Array.from({ length: numLabels }, (_, label) => {
    let sum = 0;
    for (let frame = start; frame < end; frame++) sum += probabilities[frame * numLabels + label]!;
    return sum / (end - start);
  });
}

/** The labeled stretches of a video, each with one label, as frames `[start, end)`. */
function truthRuns(targets: Int32Array): { target: number; start: number; end: number }[] {
  const runs: ReturnType<typeof truthRuns> = [];
  for (let start = 0, end = 0; start < targets.length; start = end) {
    const target = targets[start]!;
    while (targets[end] === target && end < targets.length) end++;
    if (target !== UNLABELED) runs.push({ target, start, end });
  }
  return runs;
}

function reliabilityOf(
  predictions: readonly SequencePrediction[],
  labels: readonly string[],
): ReliabilityBin[] {
  const scorer = new CalibrationScorer();
  for (const { targets, probabilities } of predictions) {
    for (const { index, label, confidence } of labelFrames(labels, probabilities, [...targets.keys()])) {
      const target = targets[index]!;
      if (target !== UNLABELED) scorer.add(confidence, label === labels[target]);
    }
  }
  return scorer.bins();
}

/** At most `most` items, evenly spread, including the first and the last. */
function spread<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]!);
}
