import type { Segment, Timeline } from '../timeline/timeline.js';
import { UNKNOWN_LABEL } from '../timeline/unknown.js';
import { html, type Html } from './html.js';
import { LabelColors } from './label-colors.js';

/** A place in a drawing, pixels. */
export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Colors of a timeline's labels; what the model is not sure of is gray. */
export function colorsOf({ labels }: Pick<Timeline, 'labels'>): LabelColors {
  return new LabelColors(labels, UNKNOWN_LABEL);
}

/** Seconds from the stream's start to its end, or to the last segment's where the video does not say how long it is. */
export function lengthSecOf({ video, segments }: Pick<Timeline, 'video' | 'segments'>): number {
  return Math.max(video.durationSec, segments.at(-1)?.endSec ?? 0);
}

/**
 * Draws a timeline as a bar, each pixel in the color of what is there at its middle. As many rectangles as pixels at
 * most, however many segments.
 */
export function drawBar(
  timeline: Pick<Timeline, 'video' | 'segments'>,
  colors: LabelColors,
  { x, y, width, height }: Place,
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
