import type { Segment, Timeline } from '../../src/timeline/timeline.js';

export const LABELS = ['walk', 'sit', 'fall', 'unknown'];

/** Builds a timeline from the labels and ends of its segments. Each segment begins where the one before ends. */
export function timelineOf(
  source: string,
  ends: readonly [label: string, endSec: number][],
  video: Partial<Timeline['video']> = {},
): Timeline {
  const segments: Segment[] = ends.map(([label, endSec], i) => ({
    label,
    startSec: ends[i - 1]?.[1] ?? 0,
    endSec,
    confidence: 0.75,
  }));
  const durationSec = segments.at(-1)?.endSec ?? 0;
  return {
    video: {
      ...{ source, width: 320, height: 240, rotationDegrees: 0, frameRate: 10 },
      ...{ durationSec, startSec: 0, codec: 'h264', ...video },
    },
    model: 'test',
    labels: LABELS,
    frameRate: 10,
    frames: segments.flatMap(({ label, startSec, endSec, confidence }) =>
      framesBetween(startSec, endSec).map((index) => ({ index, timeSec: index / 10, label, confidence })),
    ),
    segments,
  };
}

function framesBetween(startSec: number, endSec: number): number[] {
  const first = Math.ceil(10 * startSec - 1e-9);
  return Array.from({ length: Math.ceil(10 * endSec - 1e-9) - first }, (_, i) => first + i);
}

/** Largest difference of a channel between a color of pixels and `#rrggbb`. */
export function colorDistance(pixel: ArrayLike<number>, color: string): number {
  const expected = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return Math.max(...expected.map((channel, i) => Math.abs(channel - pixel[i]!)));
}
