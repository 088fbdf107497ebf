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
import { hardestSegments, type HardSegment } from './hardest-segments.js';

/** What a report tells of validation videos. A plain object: no tensor, no frame of a video. */
export interface ReportData {
  labels: readonly string[];
  background?: string;
  scores: DatasetScores;
  /** From the least to the most accurate; of more than a report can show, evenly spread. */
  videos: ReportVideo[];
  numVideos: number;
  /** The least probable truth first. */
  hardest: HardSegment[];
  /** Of the frames' own labels, before smoothing. */
  reliability: ReliabilityBin[];
}

/** A video with its truth and what the model made of it. */
export interface ReportVideo {
  name: string;
  /** Where its pictures are, if known. */
  path?: string;
  durationSec: number;
  /** Percent of labeled frames that are right; null without labeled frames. */
  frameAccuracy: number | null;
  /** What is labeled; of a long video, as exactly as a screen can show. */
  truth: LabelSpan[];
  /** Without gaps. */
  predicted: LabelSpan[];
  /** Probability of the true label over time, thinned; null where nothing is labeled. */
  truthProbability: { timeSec: number; probability: number | null }[];
}

/** How results become a report. */
export interface ReportDataOptions extends ScoringOptions {
  /** Path of each video by its name, for pictures. Default: none are shown. */
  paths?: ReadonlyMap<string, string>;
  /** Videos shown at most. Default 12. */
  maxVideos?: number;
  /** Hard segments shown at most. Default 12. */
  maxSegments?: number;
}

/** Points of a curve over a video: about as many as a screen can tell apart. */
const MAX_POINTS = 240;
/** The same of its labels. */
const MAX_COLUMNS = 480;

/**
 * Gathers what a report tells of validation videos.
 *
 * @param predictions - See `predictSequences`; of videos that the model was not trained on.
 * @throws {ShapeError} If probabilities do not fit targets and labels.
 * @throws {UsageError} If smoothing or threshold are impossible.
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
    ...(background !== undefined && { background }),
    scores: scorePredictions(predictions, options),
    videos: spread(videos, maxVideos),
    numVideos: videos.length,
    hardest: hardestSegments(predictions, options).slice(0, maxSegments).map(withPath),
    reliability: reliabilityOf(predictions, labels),
  };

  function withPath(segment: HardSegment): HardSegment {
    const path = paths?.get(segment.video);
    return { ...segment, ...(path !== undefined && { path }) };
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
  const path = paths?.get(name);
  return {
    name,
    ...(path !== undefined && { path }),
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
 * Draws frames together, equally many each time, to the label that most of them have: no screen shows more, and a model
 * that flickers does not fill the report.
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

/** At most so many groups of neighbors, all equally large but the last. */
function groupEvenly<Item>(items: readonly Item[], most: number): Item[][] {
  const width = Math.ceil(items.length / most);
  return Array.from({ length: width && Math.ceil(items.length / width) }, (_, i) =>
    items.slice(i * width, (i + 1) * width),
  );
}

/** The first of those on a tie. */
function mostFrequent<Item>(items: readonly Item[]): Item | undefined {
  const counts = new Map<Item, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return [...counts].reduce((best, other) => (other[1] > best[1] ? other : best))[0];
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

/** As many items, the first and the last among them, as evenly spread as can be. */
function spread<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]!);
}
