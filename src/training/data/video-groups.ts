import path from 'node:path';
import type { AnnotatedVideo } from '../../annotations/datasets/dataset.js';
import { DatasetError, UsageError } from '../../errors.js';
import { compareNaturally } from '../../video/media-names.js';
import { createRandom, shuffle } from './random.js';

/** Which videos form a group (one recording, one person, one camera) and must stay on one side of a split. */
export interface GroupOptions {
  /**
   * `video`: each video is its own group. `folder`: videos in one folder; in a dataset with one folder of clips per
   * label, the folder below that one. `column`: videos with the same text in the dataset's column `group`. Default:
   * `video`.
   */
  groupBy?: 'video' | 'folder' | 'column';
  /**
   * Overrides `groupBy`: videos whose names give the same text in the pattern's capture groups. For example,
   * `/(\d*)\d\.mp4$/` captures all digits but the last: blocks of ten consecutive numbers.
   */
  groupPattern?: RegExp;
}

/**
 * Sorts videos into groups.
 *
 * @returns The videos of each group by its name, in natural order of the names.
 * @throws {DatasetError} If a video has no group: its name does not match, it has no folder, or its column is empty.
 */
export function groupVideos(
  videos: readonly AnnotatedVideo[],
  options: GroupOptions = {},
): Map<string, AnnotatedVideo[]> {
  const groups = new Map<string, AnnotatedVideo[]>();
  for (const video of videos) {
    const name = groupOf(video, options);
    const group = groups.get(name);
    if (group) group.push(video);
    else groups.set(name, [video]);
  }
  return new Map([...groups].sort(([a], [b]) => compareNaturally(a, b)));
}

/** The name of a video's group. */
function groupOf(video: AnnotatedVideo, { groupBy = 'video', groupPattern }: GroupOptions): string {
  const { name, group } = video;
  if (groupPattern) {
    // The flags g and y would make the pattern remember where it stopped.
    const match = new RegExp(groupPattern, groupPattern.flags.replace(/[gy]/g, '')).exec(name);
    if (!match) throw noGroup(video, `does not match the group pattern ${String(groupPattern)}`);
    return match.length > 1 ? match.slice(1).join('/') : match[0];
  }
  switch (groupBy) {
    case 'video':
      return name;
    case 'folder':
      return folderOf(video);
    case 'column':
      if (group === undefined) {
        throw noGroup(video, 'has no group: expected a column "group" with one for each video');
      }
      return group;
  }
}

function folderOf(video: AnnotatedVideo): string {
  const folder = path.posix.dirname(video.name.replaceAll('\\', '/'));
  if (video.clipLabel === undefined) return folder;
  const [, ...below] = folder.split('/'); // the first folder is the label's own
  if (below.length === 0) {
    throw noGroup(video, "lies directly in its label's folder: expected a folder below that to group by");
  }
  return below.join('/');
}

function noGroup({ name, path }: AnnotatedVideo, problem: string): DatasetError {
  return new DatasetError(`The video "${name}" ${problem}. Correct it, or group by something else.`, path);
}

/** The groups that one fold holds out. */
export interface HeldOutGroups {
  /** In natural order. */
  names: string[];
  videos: AnnotatedVideo[];
}

/**
 * Makes folds that hold out `perFold` groups each, every group once. The last fold may hold out fewer.
 *
 * @param groups - Videos of each group by its name, in natural order of the names.
 * @param perFold - Groups per fold. Single groups keep the given order; larger sets are shuffled by the seed, so that
 *   different seeds hold out different groups together.
 * @throws {UsageError} If `perFold` is not a positive integer.
 * @throws {DatasetError} If a fold would hold out every group.
 */
export function leaveGroupsOut(
  groups: ReadonlyMap<string, AnnotatedVideo[]>,
  perFold: number,
  seed: number,
): HeldOutGroups[] {
  if (!Number.isInteger(perFold) || perFold < 1) {
    throw new UsageError(`leaveGroupsOut is ${perFold}; expected a whole number, 1 or more.`);
  }
  if (perFold >= groups.size) {
    const videos = [...groups.values()].flat();
    throw new DatasetError(
      `Leaving ${perFold} groups out needs at least ${perFold + 1}, so that one is left to train on; the dataset has ` +
        `${groups.size}. Leave fewer out, or group the videos otherwise.`,
      videos[0]?.path ?? '',
    );
  }
  const order = perFold === 1 ? [...groups.keys()] : shuffle([...groups.keys()], createRandom(seed));
  return Array.from({ length: Math.ceil(order.length / perFold) }, (_, fold) => {
    const names = order.slice(fold * perFold, (fold + 1) * perFold).sort(compareNaturally);
    return { names, videos: names.flatMap((name) => groups.get(name) ?? []) };
  });
}

/**
 * Divides groups of videos into parts of equal content: each part gets nearly its share of every label's time.
 *
 * The groups are sorted by how concentrated they are in a label; ties are shuffled by the seed. Each group goes to the
 * part where it increases Σ share² over labels and parts least. With s the shares of a part and g those of the group,
 * that is the part with the least s·g, or on a tie the one with the fewest videos. An empty part has s·g = 0, so no part
 * stays empty while there are groups.
 *
 * @param groups - Videos that must stay together; at least as many groups as parts.
 * @returns The videos of each part.
 */
export function stratifyGroups(
  groups: readonly (readonly AnnotatedVideo[])[],
  numParts: number,
  seed: number,
): AnnotatedVideo[][] {
  const totals = labeledTime(groups.flat());
  const shared = shuffle(groups, createRandom(seed)).map((videos) => ({
    videos,
    shares: sharesOf(videos, totals),
  }));
  shared.sort((a, b) => dot(b.shares, b.shares) - dot(a.shares, a.shares)); // stable: ties stay shuffled
  const parts = Array.from({ length: numParts }, () => ({
    videos: [] as AnnotatedVideo[],
    shares: new Map<string, number>(),
  }));
  for (const { videos, shares } of shared) {
    const costs = parts.map((part) => dot(part.shares, shares));
    const least = Math.min(...costs);
    // The order of adding changes the last digits of a sum, so costs within rounding are a tie.
    const candidates = parts.filter((_, at) => (costs[at] as number) <= least + 1e-12);
    const part = candidates.reduce((best, each) => (each.videos.length < best.videos.length ? each : best));
    part.videos.push(...videos);
    for (const [label, share] of shares) part.shares.set(label, (part.shares.get(label) ?? 0) + share);
  }
  return parts.map(({ videos }) => videos);
}

/** Labeled seconds by label. A clip without an end counts as one second, because all clips weigh the same. */
function labeledTime(videos: readonly AnnotatedVideo[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { segments } of videos) {
    for (const { label, startSec, endSec } of segments) {
      const length = endSec === Infinity ? 1 : endSec - startSec;
      times.set(label, (times.get(label) ?? 0) + length);
    }
  }
  return times;
}

/** Share of each label's total time that the videos hold. */
function sharesOf(
  videos: readonly AnnotatedVideo[],
  totals: ReadonlyMap<string, number>,
): Map<string, number> {
  return new Map(
    [...labeledTime(videos)].map(([label, time]) => [label, time / (totals.get(label) as number)]),
  );
}

function dot(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [label, value] of b) sum += value * (a.get(label) ?? 0);
  return sum;
}
