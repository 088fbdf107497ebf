import type { FrameLabel, Timeline } from '../../timeline/timeline.js';
import { lengthSecOf, longestSegments } from '../timeline-drawing.js';

/** A video of the report: labeled, or failed with an error. */
export interface ReportVideo {
  /** Name shown on the page. */
  name: string;
  /** URL of the video relative to the page. Null if there is nothing to play. */
  href: string | null;
  /** URLs of its drawings by name: `overlay`, `contact sheet`. */
  links?: Record<string, string>;
  timeline?: Timeline;
  thumbnails?: Thumbnails;
  error?: { code: string; message: string };
}

/** Thumbnails side by side in one JPEG: the middle frames of equal parts of a video. */
interface Thumbnails {
  jpeg: Uint8Array;
  count: number;
}

/** How much a row may contain, so that a page with very many rows still opens. */
export interface RowBudget {
  /** Number of segments. The longest are kept. */
  numSegments: number;
  /** Points per probability curve, and number of curves. */
  numPoints: number;
  numCurves: number;
  numThumbnails: number;
}

/** Size of a page with many videos. With few videos, a row gets as much as it can use. */
const PAGE_BYTES = 40 * 2 ** 20;
/** Approximate bytes of a segment, and of a thumbnail as text. */
const SEGMENT_BYTES = 18;
const THUMBNAIL_BYTES = 2400;

/** Divides the size of a page among its rows: a third each for segments, curves and thumbnails. */
export function budgetOf(numVideos: number): RowBudget {
  const third = PAGE_BYTES / Math.max(1, numVideos) / 3;
  const share = (bytesEach: number, least: number, most: number): number =>
    Math.max(least, Math.min(most, Math.floor(third / bytesEach)));
  const numCurves = 8;
  return {
    numSegments: share(SEGMENT_BYTES, 40, 400),
    numPoints: share(numCurves, 30, 200),
    numCurves,
    numThumbnails: share(THUMBNAIL_BYTES, 1, 6),
  };
}

/** A probability is one character, from `]` for 0 to `~` for 1. None of them is escaped in JSON or HTML. */
export const FIRST_LETTER = 93;
export const PROBABILITY_STEPS = 33;

/**
 * Formats a video as one line of compact JSON. Times are in hundredths of a second, probabilities in percent.
 *
 * @param labelAt - Returns the index of a label among the labels of the whole page.
 */
export function formatRow(video: ReportVideo, budget: RowBudget, labelAt: (label: string) => number): string {
  const { name, href, links, timeline, thumbnails, error } = video;
  const labeled = timeline && formatTimeline(timeline, budget, labelAt);
  const pictures = thumbnails && {
    thumbnails: { count: thumbnails.count, jpeg: Buffer.from(thumbnails.jpeg).toString('base64') },
  };
  // `<` could end the script element.
  return JSON.stringify({ name, href, links, error, ...labeled, ...pictures }).replaceAll('<', '\\u003c');
}

function formatTimeline(timeline: Timeline, budget: RowBudget, labelAt: (label: string) => number): object {
  const { segments, model } = timeline;
  const shown = longestSegments(segments, budget.numSegments);
  const covered = segments.reduce((sum, { startSec, endSec }) => sum + endSec - startSec, 0);
  const sure = segments.reduce(
    (sum, segment) => sum + segment.confidence * (segment.endSec - segment.startSec),
    0,
  );
  return {
    model,
    length: toHundredths(lengthSecOf(timeline)),
    confidence: covered > 0 ? Math.round((100 * sure) / covered) : 0,
    numSegments: segments.length,
    // A flat list: label, start, end, confidence of each segment.
    segments: shown.flatMap(({ label, startSec, endSec, confidence }) => [
      labelAt(label),
      ...[toHundredths(startSec), toHundredths(endSec), Math.round(100 * confidence)],
    ]),
    curves: curvesOf(timeline, budget, labelAt),
  };
}

/** Returns the mean probabilities of the most probable labels in equal parts of the video, one character per part. */
function curvesOf(
  timeline: Timeline,
  budget: RowBudget,
  labelAt: (label: string) => number,
): [number, string][] {
  const { frames, labels } = timeline;
  if (!frames.some(({ probabilities }) => probabilities)) return [];
  const numPoints = Math.min(budget.numPoints, frames.length);
  const means = labels.map((_, label) =>
    meansOf(timeline, numPoints, ({ probabilities }) => probabilities?.[label]),
  );
  const total = (label: number): number => means[label]!.reduce((sum, value) => sum + value, 0);
  return labels
    .map((_, label) => label)
    .sort((a, b) => total(b) - total(a))
    .slice(0, budget.numCurves)
    .map((label) => [labelAt(labels[label]!), means[label]!.map(formatProbability).join('')]);
}

function meansOf(
  timeline: Timeline,
  numPoints: number,
  valueOf: (frame: FrameLabel) => number | undefined,
): number[] {
  const lengthSec = lengthSecOf(timeline);
  const sums = new Float64Array(numPoints);
  const counts = new Float64Array(numPoints);
  for (const frame of timeline.frames) {
    const point = Math.min(numPoints - 1, Math.floor((numPoints * frame.timeSec) / lengthSec));
    sums[point]! += valueOf(frame) ?? 0;
    counts[point]! += 1;
  }
  // A part without a frame repeats the part before.
  const means: number[] = [];
  sums.forEach((sum, point) =>
    means.push(counts[point]! > 0 ? sum / counts[point]! : (means[point - 1] ?? 0)),
  );
  return means;
}

function formatProbability(value: number): string {
  return String.fromCharCode(FIRST_LETTER + Math.round(PROBABILITY_STEPS * value));
}

function toHundredths(seconds: number): number {
  return Math.round(100 * seconds);
}
