import type { Segment, Timeline } from '../timeline/timeline.js';
import { cutLine, drawSvg, FONT } from './draw-svg.js';
import { html, markup, type Html } from './html.js';
import { colorsOf, type LabelColors } from './label-colors.js';
import type { TimedPicture } from './picture-stream.js';
import { drawBar, lengthSecOf } from './timeline-drawing.js';

/** Where an overlay's parts are: a band at the lower edge of the picture, with a bar at the band's. Pixels, all even. */
export interface OverlayBand {
  width: number;
  height: number;
  barHeight: number;
}

/** A label must be readable in a small picture, and not cover a large one. */
const TEXT_SHARE = 0.05;
const BAR_SHARE = 0.025;

/**
 * A segment begins with its first frame. Containers round a frame's time to as much as a millisecond, and a frame must not
 * miss its label for that: labels begin so many seconds early, which is less than any frame lasts.
 */
const EARLY_SEC = 0.0005;

/** The last picture comes long after the video's end, but less than the 30 hours that ffmpeg takes for an error. */
const AFTER_END_SEC = 86_400;

/** @param width - Of the video, as its height even pixels. */
export function bandOf({ width, height }: { width: number; height: number }): OverlayBand {
  const barHeight = Math.min(toEven(Math.max(6, BAR_SHARE * height)), height);
  const band = barHeight + 2.2 * textSizeOf(height);
  return { width, height: Math.min(toEven(band), height), barHeight };
}

/**
 * Draws the band anew whenever the label changes: the segment's label with its mean confidence, in the label's color,
 * above the bar of the whole timeline. Where there is no label there is only the bar.
 *
 * @param shiftSec - Added to every time.
 * @returns Pictures from 0 on, and one after the video's end.
 */
export async function* drawBands(
  timeline: Timeline,
  band: OverlayBand,
  { videoHeight, shiftSec }: { videoHeight: number; shiftSec: number },
): AsyncGenerator<TimedPicture> {
  const colors = colorsOf(timeline);
  const bar = await drawBarOf(timeline, colors, band);
  const textSize = Math.min(textSizeOf(videoHeight), band.width / 8);
  for (const { timeSec, segment } of changesOf(timeline.segments, lengthSecOf(timeline))) {
    const png = segment ? await drawChip(segment, colors, band, { bar, textSize }) : bar;
    yield { timeSec: Math.max(0, timeSec + shiftSec - EARLY_SEC), png };
  }
}

/** When what is shown changes, from before the first frame on. */
function* changesOf(
  segments: readonly Segment[],
  lengthSec: number,
): Generator<{ timeSec: number; segment?: Segment }> {
  const isAtStart = segments[0] !== undefined && segments[0].startSec <= EARLY_SEC;
  if (!isAtStart) yield { timeSec: -Infinity };
  for (const [i, segment] of segments.entries()) {
    // ffmpeg counts a stream's time from its first picture.
    yield { timeSec: i === 0 && isAtStart ? -Infinity : segment.startSec, segment };
    const nextSec = segments[i + 1]?.startSec ?? Infinity;
    if (nextSec > segment.endSec + EARLY_SEC) yield { timeSec: segment.endSec };
  }
  yield { timeSec: lengthSec + AFTER_END_SEC };
}

async function drawBarOf(timeline: Timeline, colors: LabelColors, band: OverlayBand): Promise<Buffer> {
  const { width, height, barHeight } = band;
  const place = { x: 0, y: height - barHeight, width, height: barHeight };
  const bar = html`<rect
      y="${place.y}"
      width="${width}"
      height="${barHeight}"
      fill="#000"
      fill-opacity="0.5"
    />
    ${drawBar(timeline, colors, place)}`;
  return (await drawSvg(frame(band, bar))).png().toBuffer();
}

/** The label on a plate of its color, above the bar. */
async function drawChip(
  { label, confidence }: Segment,
  colors: LabelColors,
  band: OverlayBand,
  { bar, textSize }: { bar: Buffer; textSize: number },
): Promise<Buffer> {
  const padding = 0.5 * textSize;
  const sure = ` ${Math.round(100 * confidence)} %`;
  const room = band.width - 4 * padding - 0.6 * textSize * sure.length;
  const line = `${cutLine(label, textSize, room)}${sure}`;
  const top = band.height - band.barHeight - 2 * textSize;
  const text = (color: string): Html =>
    html`<text x="${2 * padding}" y="${top + 1.2 * textSize}" font-size="${textSize}" fill="${color}"
      >${line}</text
    >`;
  // How wide text is shows only when it is drawn.
  const { info } = await (
    await drawSvg(frame(band, text('#000')))
  )
    .trim()
    .toBuffer({ resolveWithObject: true });
  const plate = html`<rect
    x="${padding}"
    y="${top}"
    width="${info.width + 2 * padding}"
    height="${1.7 * textSize}"
    rx="${0.3 * textSize}"
    fill="${colors.of(label)}"
  />`;
  const drawing = await drawSvg(frame(band, html`${plate}${text(colors.inkOn(label))}`));
  return drawing
    .composite([{ input: bar, left: 0, top: 0 }])
    .png({ compressionLevel: 3 })
    .toBuffer();
}

function frame({ width, height }: OverlayBand, content: Html | undefined): Html {
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ${markup(FONT)}>
    ${content}
  </svg>`;
}

function textSizeOf(videoHeight: number): number {
  return Math.max(12, TEXT_SHARE * videoHeight);
}

function toEven(value: number): number {
  return 2 * Math.round(value / 2);
}
