import type { Segment, Timeline } from '../timeline/timeline.js';
import { cutLine, drawSvg, FONT } from './draw-svg.js';
import { html, markup, type Html } from './html.js';
import type { TimedPicture } from './picture-stream.js';
import { colorsOf, drawBar, lengthSecOf, type LabelColors } from './timeline-drawing.js';

/** Size in pixels of the band at the lower edge of the video, and of the timeline bar at its lower edge. All even. */
export interface OverlayBand {
  width: number;
  height: number;
  barHeight: number;
}

/** Text size and bar height as shares of the video's height: readable in a small video, discreet in a large one. */
const TEXT_SHARE = 0.05;
const BAR_SHARE = 0.025;

/**
 * Seconds by which labels start early. A segment starts with its first frame, whose time the container may round by up to
 * a millisecond. The label must not miss that frame. No frame is this short.
 */
const EARLY_SEC = 0.0005;

/** The last picture comes long after the end of the video, but within the 30 hours after which ffmpeg reports an error. */
const AFTER_END_SEC = 86_400;

/** Computes the band for a video of an even width and height in pixels. */
export function bandOf({ width, height }: { width: number; height: number }): OverlayBand {
  const barHeight = Math.min(toEven(Math.max(6, BAR_SHARE * height)), height);
  const band = barHeight + 2.2 * textSizeOf(height);
  return { width, height: Math.min(toEven(band), height), barHeight };
}

/**
 * Draws one picture of the band for each change of the label: the label with the mean confidence of its segment, in the
 * label's color, above the bar of the whole timeline. Between segments there is only the bar.
 *
 * @param shiftSec - Seconds added to every time.
 * @returns Pictures in order of time, the first at 0 and the last after the end of the video.
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

/** Yields each change of the shown segment, the first before the first frame. */
function* changesOf(
  segments: readonly Segment[],
  lengthSec: number,
): Generator<{ timeSec: number; segment?: Segment }> {
  const isAtStart = segments[0] !== undefined && segments[0].startSec <= EARLY_SEC;
  if (!isAtStart) yield { timeSec: -Infinity };
  for (const [i, segment] of segments.entries()) {
    // The first picture is at 0, because ffmpeg counts the time of a stream from its first picture.
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

/** Draws the label on a plate of its color, above the bar. */
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
  // The width of text is known only after drawing it.
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
