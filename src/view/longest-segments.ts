import type { Segment } from '../timeline/timeline.js';

/** The longest segments, in the order of time. */
export function longestSegments(segments: readonly Segment[], maximum: number): Segment[] {
  if (segments.length <= maximum) return [...segments];
  const length = (segment: Segment): number => segment.endSec - segment.startSec;
  const chosen = new Set([...segments].sort((a, b) => length(b) - length(a)).slice(0, maximum));
  return segments.filter((segment) => chosen.has(segment));
}
