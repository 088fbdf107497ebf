import type { Segment, Timeline } from '../timeline/timeline.js';
import { html, type Html } from './html.js';
import type { LabelColors } from './label-colors.js';

/** A rectangle in a drawing, in pixels. */
interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Length of a timeline in seconds: of the video, or up to the last segment if that ends later or the length is unknown. */
export function lengthSecOf({ video, segments }: Pick<Timeline, 'video' | 'segments'>): number {
  return Math.max(video.durationSec, segments.at(-1)?.endSec ?? 0);
}

/**
 * Draws a timeline as a bar of SVG rectangles. Each column of pixels gets the color of the label at its center, so there
 * are at most as many rectangles as columns, however many segments there are.
 */
export function drawBar(
  timeline: Pick<Timeline, 'video' | 'segments'>,
  colors: LabelColors,
  { x, y, width, height }: Rectangle,
): Html {
  const runs = runsOfPixels(timeline.segments, lengthSecOf(timeline) / width, width);
  return html`${runs.map(
    ({ label, start, end }) =>
      html`<rect
        x="${x + start}"
        y="${y}"
        width="${end - start}"
        height="${height}"
        fill="${colors.of(label)}"
      />`,
  )}`;
}

function runsOfPixels(
  segments: readonly Segment[],
  secPerPixel: number,
  width: number,
): { label: string; start: number; end: number }[] {
  const runs: ReturnType<typeof runsOfPixels> = [];
  let next = 0;
  for (let pixel = 0; pixel < width; pixel++) {
    const timeSec = (pixel + 0.5) * secPerPixel;
    while (next < segments.length && segments[next]!.endSec <= timeSec) next++;
    const segment = segments[next];
    if (!segment || segment.startSec > timeSec) continue;
    const last = runs.at(-1);
    if (last?.label === segment.label && last.end === pixel) last.end++;
    else runs.push({ label: segment.label, start: pixel, end: pixel + 1 });
  }
  return runs;
}

/** Returns the longest segments, in order of time. */
export function longestSegments(segments: readonly Segment[], maximum: number): Segment[] {
  if (segments.length <= maximum) return [...segments];
  const length = (segment: Segment): number => segment.endSec - segment.startSec;
  const chosen = new Set([...segments].sort((a, b) => length(b) - length(a)).slice(0, maximum));
  return segments.filter((segment) => chosen.has(segment));
}

/** Formats a count with its noun: `1 segment`, `2 segments`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Formats seconds for people: `8.4 s` below a minute, else `1:15` or `1:02:03.4`. */
export function formatTime(seconds: number): string {
  const tenths = Math.round(10 * seconds);
  if (tenths < 600) return `${tenths / 10} s`;
  const [hours, minutes, rest] = [
    Math.floor(tenths / 36000),
    Math.floor(tenths / 600) % 60,
    (tenths % 600) / 10,
  ];
  const pad = (value: number): string => (value < 10 ? `0${value}` : String(value));
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}
