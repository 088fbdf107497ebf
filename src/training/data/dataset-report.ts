import type { Skipped } from '../../annotations/annotation-format.js';
import type { AnnotatedVideo } from '../../annotations/datasets/dataset.js';
import { compareNaturally } from '../../video/media-names.js';
import { findLabelsBeyondEnd, type LabelBeyondEnd } from '../../annotations/datasets/video-durations.js';
import { groupVideos, type GroupOptions } from './video-groups.js';

/** What is known of a dataset beside its labels. */
export interface DescribeOptions extends GroupOptions {
  /** Length of each video in seconds, by its name; see `probeDurations`. Without it, whole clips have no time. */
  durationsSec?: ReadonlyMap<string, number>;
  /** Frames a second at which a model will look. Default 10. */
  frameRate?: number;
  /** Labels that ought to be shown. Default: those that are. */
  labels?: readonly string[];
  /** What was left out when the dataset was read. */
  skipped?: readonly Skipped[];
}

/** How much of a dataset shows one label. */
interface LabelSummary {
  label: string;
  numVideos: number;
  /** Labeled segments, or whole clips. */
  numSegments: number;
  /** Labeled time in seconds; null where the length of a whole clip is not known. */
  labelledSec: number | null;
  /** Frames at the rate at which the model looks; null as above. */
  numFrames: number | null;
  /** Percent of the labeled time, or of the segments where a time is not known. */
  share: number;
}

/** What a dataset holds, and what is odd about it. */
export interface DatasetReport {
  numVideos: number;
  /** Videos that are clips of one label. */
  numClips: number;
  /** Length of all videos in seconds; null where one is not known. */
  durationSec: number | null;
  frameRate: number;
  /** The labels that are shown, in natural order. */
  labels: LabelSummary[];
  /** Labels that ought to be shown and are not. */
  emptyLabels: string[];
  /** Largest share divided by smallest; null with fewer than two labels. */
  imbalance: { largest: string; smallest: string; ratio: number } | null;
  /** Moments with two labels, of which one was kept. */
  overlaps: { count: number; seconds: number };
  /** Stretches without a label; of videos whose length is not known, only those between labels. */
  gaps: {
    count: number;
    seconds: number;
    /** Percent of the videos' length, if known. */ share: number | null;
  };
  /** Labels past the end of their video. */
  beyondEnd: LabelBeyondEnd[];
  /** Videos of each group; empty where each video is its own. */
  groups: Record<string, number>;
  /** Videos of each subset of the dataset's own split, splits joined with their part: `split1/train`. */
  subsets: Record<string, number>;
  skipped: Skipped[];
}

/** Shorter stretches between labels are two readings of one boundary. */
const GAP_SLACK_SEC = 0.25;

/**
 * Counts what a dataset holds before a model is trained on it.
 *
 * @throws {DatasetError} If videos are to be grouped, and one has no group.
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

/** Lengths of a video's stretches without a label, seconds. */
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
