import type { Skipped } from '../../annotations/annotation-format.js';
import type { AnnotatedVideo } from '../../annotations/datasets/dataset.js';
import { compareNaturally } from '../../video/media-names.js';
import { findLabelsBeyondEnd, type LabelBeyondEnd } from '../../annotations/datasets/video-durations.js';
import { groupVideos, type GroupOptions } from './video-groups.js';

/** Facts about a dataset that its labels do not tell. */
export interface DescribeOptions extends GroupOptions {
  /** Duration of each video in seconds, by its name; see `probeDurations`. Without it, whole clips have no duration. */
  durationsSec?: ReadonlyMap<string, number>;
  /** Frames per second that the model will see. Default 10. */
  frameRate?: number;
  /** Labels that the dataset should show. Default: the ones it shows. */
  labels?: readonly string[];
  /** Items that reading the dataset left out. */
  skipped?: readonly Skipped[];
}

/** How often and how long a dataset shows one label. */
interface LabelSummary {
  label: string;
  numVideos: number;
  /** Labeled segments, or whole clips. */
  numSegments: number;
  /** Labeled time in seconds; null if the duration of a clip is unknown. */
  labelledSec: number | null;
  /** Frames at the model's frame rate; null if `labelledSec` is. */
  numFrames: number | null;
  /** Percent of the labeled time, or of the segments if a duration is unknown. */
  share: number;
}

/** The contents of a dataset and the problems found in it. */
export interface DatasetReport {
  numVideos: number;
  /** Videos that are clips of one label. */
  numClips: number;
  /** Duration of all videos in seconds; null if one is unknown. */
  durationSec: number | null;
  frameRate: number;
  /** The labels that the videos show, in natural order. */
  labels: LabelSummary[];
  /** Labels that the dataset should show and does not. */
  emptyLabels: string[];
  /** Largest share divided by smallest; null with fewer than two labels. */
  imbalance: { largest: string; smallest: string; ratio: number } | null;
  /** Overlapping segments, of which one label was kept. */
  overlaps: { count: number; seconds: number };
  /** Unlabeled stretches. In a video of unknown duration only those between labels are counted. */
  gaps: {
    count: number;
    seconds: number;
    /** Percent of the duration of all videos; null if that is unknown. */
    share: number | null;
  };
  /** Labels that end after their video. */
  beyondEnd: LabelBeyondEnd[];
  /** Number of videos in each group; empty if each video is its own group. */
  groups: Record<string, number>;
  /** Number of videos in each subset of the dataset's own splits; a named split comes first: `split1/train`. */
  subsets: Record<string, number>;
  skipped: Skipped[];
}

/** Shorter gaps between labels are inexact boundaries, not unlabeled time. */
const GAP_SLACK_SEC = 0.25;

/**
 * Summarizes a dataset before a model is trained on it.
 *
 * @throws {DatasetError} If the videos are grouped and one has no group.
 */
export function describeDataset(
  videos: readonly AnnotatedVideo[],
  options: DescribeOptions = {},
): DatasetReport {
  const { durationsSec = new Map<string, number>(), frameRate = 10, skipped = [] } = options;
  const durations = videos.map(({ name }) => durationsSec.get(name));
  const labels = summarizeLabels(videos, durationsSec, frameRate);
  const shown = new Set(labels.map(({ label }) => label));
  const overlaps = videos.flatMap((video) => video.overlaps ?? []);
  const gaps = videos.flatMap((video) => gapsOf(video, durationsSec.get(video.name)));
  const durationSec = durations.includes(undefined) ? null : sum(durations as number[]);
  const hasGroups = options.groupPattern !== undefined || (options.groupBy ?? 'video') !== 'video';
  const groups = hasGroups ? [...groupVideos(videos, options)] : [];
  return {
    numVideos: videos.length,
    numClips: videos.filter(({ clipLabel }) => clipLabel !== undefined).length,
    durationSec,
    frameRate,
    labels,
    emptyLabels: (options.labels ?? []).filter((label) => !shown.has(label)),
    imbalance: imbalanceOf(labels),
    overlaps: {
      count: overlaps.length,
      seconds: sum(overlaps.map(({ startSec, endSec }) => endSec - startSec)),
    },
    gaps: {
      count: gaps.length,
      seconds: sum(gaps),
      share: durationSec ? (100 * sum(gaps)) / durationSec : null,
    },
    beyondEnd: findLabelsBeyondEnd(videos, durationsSec),
    groups: Object.fromEntries(groups.map(([name, group]) => [name, group.length])),
    subsets: countSubsets(videos),
    skipped: [...skipped],
  };
}

function summarizeLabels(
  videos: readonly AnnotatedVideo[],
  durationsSec: ReadonlyMap<string, number>,
  frameRate: number,
): LabelSummary[] {
  const found = new Map<string, { videos: Set<string>; numSegments: number; seconds: number }>();
  for (const { name, segments } of videos) {
    const durationSec = durationsSec.get(name) ?? Infinity;
    for (const { label, startSec, endSec } of segments) {
      const own = found.get(label) ?? { videos: new Set(), numSegments: 0, seconds: 0 };
      found.set(label, own);
      own.videos.add(name);
      own.numSegments++;
      own.seconds += Math.max(0, Math.min(endSec, durationSec) - startSec);
    }
  }
  const all = [...found].sort(([a], [b]) => compareNaturally(a, b));
  const isTimed = all.every(([, { seconds }]) => seconds !== Infinity);
  const amountOf = (own: { numSegments: number; seconds: number }) =>
    isTimed ? own.seconds : own.numSegments;
  const total = sum(all.map(([, own]) => amountOf(own)));
  return all.map(([label, own]) => ({
    label,
    numVideos: own.videos.size,
    numSegments: own.numSegments,
    labelledSec: own.seconds === Infinity ? null : own.seconds,
    numFrames: own.seconds === Infinity ? null : Math.round(own.seconds * frameRate),
    share: total > 0 ? (100 * amountOf(own)) / total : 0,
  }));
}

function imbalanceOf(labels: readonly LabelSummary[]): DatasetReport['imbalance'] {
  const [largest, ...others] = [...labels].sort((a, b) => b.share - a.share);
  const smallest = others.at(-1);
  return largest && smallest && smallest.share > 0
    ? { largest: largest.label, smallest: smallest.label, ratio: largest.share / smallest.share }
    : null;
}

/** Durations of a video's unlabeled stretches, in seconds. */
function gapsOf({ segments }: AnnotatedVideo, durationSec: number | undefined): number[] {
  const gaps: number[] = [];
  let endSec = durationSec === undefined ? (segments[0]?.startSec ?? 0) : 0;
  for (const segment of [...segments, { startSec: durationSec ?? -Infinity, endSec: Infinity }]) {
    const gap = Math.min(segment.startSec, durationSec ?? Infinity) - endSec;
    if (gap > GAP_SLACK_SEC) gaps.push(gap);
    endSec = Math.max(endSec, segment.endSec);
  }
  return gaps;
}

function countSubsets(videos: readonly AnnotatedVideo[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { subset, subsetBySplit = {} } of videos) {
    const parts = Object.entries(subsetBySplit).map(([split, part]) => `${split}/${part}`);
    for (const part of subset === undefined ? parts : [subset, ...parts])
      counts[part] = (counts[part] ?? 0) + 1;
  }
  return counts;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
