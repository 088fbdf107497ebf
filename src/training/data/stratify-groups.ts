import type { AnnotatedVideo } from '../../annotations/datasets/dataset.js';
import { createRandom, shuffle } from './random.js';

/**
 * Deals groups of videos out to parts of equal content: each part gets nearly its share of every label's labeled time.
 *
 * Groups are taken in the order of how much of some label they hold, equal ones as the seed shuffles them, and each
 * goes to the part where it adds least to Σ over labels and parts of share². With s the shares of a part and g those of
 * the group, that is where s·g is least; on a tie, where there are fewest videos. An empty part has s·g = 0, so no part
 * stays empty while there are groups.
 *
 * @param groups - Videos that must stay together; at least as many groups as parts.
 * @param numParts - Number of parts.
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
    // Sums of shares differ in their last digits by the order of adding, so a tie is one within rounding.
    const candidates = parts.filter((_, at) => (costs[at] as number) <= least + 1e-12);
    const part = candidates.reduce((best, each) => (each.videos.length < best.videos.length ? each : best));
    part.videos.push(...videos);
    for (const [label, share] of shares) part.shares.set(label, (part.shares.get(label) ?? 0) + share);
  }
  return parts.map(({ videos }) => videos);
}

/** Labeled seconds by label; a clip without an end counts as one, as all clips are alike. */
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
