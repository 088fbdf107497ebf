import type { Segment, Timeline } from '../timeline/timeline.js';
import { UNKNOWN_LABEL } from '../timeline/unknown.js';
import { html, type Html } from './html.js';

/** Colors of medium lightness, which stand out on white and on black. The first nine are Observable's. */
const PALETTE = [
  ...['#4269d0', '#efb118', '#ff725c', '#6cc5b0', '#3ca951', '#ff8ab7', '#a463f2', '#97bbf5', '#9c6b4e'],
  ...['#2f8fb3', '#c9543a', '#8a9a2b', '#cda3e6', '#b3446c', '#5b8f6e', '#e0c068', '#7f6df2', '#d08c4a'],
];

/** For the background and for unknown labels. */
const NO_ACTIVITY_COLOR = '#9498a0';

/** Colors of labels as `#rrggbb`, the same throughout a report. If there are more labels than colors, some share one. */
export class LabelColors {
  readonly #colors: ReadonlyMap<string, string>;

  constructor(labels: readonly string[], background?: string) {
    const activities = labels.filter((label) => label !== background);
    this.#colors = new Map(activities.map((label, i) => [label, PALETTE[i % PALETTE.length] as string]));
  }

  of(label: string): string {
    return this.#colors.get(label) ?? NO_ACTIVITY_COLOR;
  }

  /** Color of text on top of the label's color: black or white, whichever contrasts more. */
  inkOn(label: string): string {
    const [red, green, blue] = [1, 3, 5].map(
      (at) => parseInt(this.of(label).slice(at, at + 2), 16) / 255,
    ) as [number, number, number];
    // Relative luminance of WCAG with a gamma of 2.2; black and white contrast equally with 0.18.
    const luminance = 0.2126 * red ** 2.2 + 0.7152 * green ** 2.2 + 0.0722 * blue ** 2.2;
    return luminance > 0.18 ? '#111418' : '#ffffff';
  }
}

/** Colors of a timeline's labels. Unknown is gray. */
export function colorsOf({ labels }: Pick<Timeline, 'labels'>): LabelColors {
  return new LabelColors(labels, UNKNOWN_LABEL);
}

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
