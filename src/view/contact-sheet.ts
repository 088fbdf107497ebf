import type { OverlayOptions } from 'sharp';
import { videoName } from '../video/media-names.js';
import { writeFileAtomic } from '../runtime/output-file.js';
import type { Segment, Timeline } from '../timeline/timeline.js';
import { cutLine, drawSvg, FONT } from './draw-svg.js';
import { html, markup, type Html } from './html.js';
import { takeFrames, type TakenFrames, type TakeFramesOptions } from './take-frames.js';
import {
  colorsOf,
  drawBar,
  formatTime,
  lengthSecOf,
  longestSegments,
  type LabelColors,
} from './timeline-drawing.js';
import { formatCount } from '../format-count.js';

/** How the video of a contact sheet is read. */
export type ContactSheetOptions = Omit<TakeFramesOptions, 'height'>;

/** Largest number of segments shown. Each one costs a seek in the video, and nobody looks at more. */
export const MAX_TILES = 48;

const PICTURE_HEIGHT = 150;
const CAPTION_HEIGHT = 42;
const GAP = 10;
const MARGIN = 20;
const HEADER_HEIGHT = 92;
const BAR_HEIGHT = 18;
/** Largest and smallest width of a sheet, in pixels. */
const MAX_WIDTH = 1700;
const MIN_WIDTH = 640;
const JPEG_QUALITY = 82;

/**
 * Writes a contact sheet of a video as a JPEG file: a thumbnail of the middle frame of each segment with label, time and
 * mean confidence, colored by label, below a bar of the whole timeline. If there are more than 48 segments, the longest
 * are shown and the sheet says so. It is at most 1,700 pixels wide.
 *
 * @returns `problem` tells why thumbnails are missing if the video cannot be read. The sheet is written anyway.
 * @throws {OutputError} If the file cannot be written.
 * @throws The reason of `signal`, when it is aborted.
 * @example
 * await writeContactSheet(await recognizer.label('street.mp4'), 'out/street.contact-sheet.jpg');
 */
export async function writeContactSheet(
  timeline: Timeline,
  file: string,
  options: ContactSheetOptions = {},
): Promise<{ problem?: string }> {
  const shown = longestSegments(timeline.segments, MAX_TILES);
  const middlesSec = shown.map(({ startSec, endSec }) => (startSec + endSec) / 2);
  const taken = await takeFrames(timeline.video.source, middlesSec, { ...options, height: PICTURE_HEIGHT });
  const layout = layOut(shown.length, taken.width);
  const drawing = drawSheet(timeline, shown, layout);
  const sheet = (await drawSvg(drawing)).composite(placePictures(taken, layout));
  await writeFileAtomic(file, await sheet.jpeg({ quality: JPEG_QUALITY, mozjpeg: true }).toBuffer());
  return { problem: taken.problem };
}

interface Layout {
  width: number;
  height: number;
  tileWidth: number;
  /** Upper left corner of each tile. */
  corners: { x: number; y: number }[];
}

/** Arranges the tiles in as many columns as fit, but not so many that the sheet becomes much wider than high. */
function layOut(numTiles: number, tileWidth: number): Layout {
  const tileHeight = PICTURE_HEIGHT + CAPTION_HEIGHT;
  const mostColumns = Math.max(1, Math.floor((MAX_WIDTH - 2 * MARGIN + GAP) / (tileWidth + GAP)));
  const squareColumns = Math.ceil(Math.sqrt((1.6 * numTiles * tileHeight) / tileWidth));
  const columns = Math.max(1, Math.min(mostColumns, squareColumns, numTiles));
  const rows = Math.ceil(numTiles / columns);
  return {
    width: Math.max(MIN_WIDTH, 2 * MARGIN + columns * (tileWidth + GAP) - GAP),
    height: HEADER_HEIGHT + rows * (tileHeight + GAP) - GAP + MARGIN,
    tileWidth,
    corners: Array.from({ length: numTiles }, (_, i) => ({
      x: MARGIN + (i % columns) * (tileWidth + GAP),
      y: HEADER_HEIGHT + Math.floor(i / columns) * (tileHeight + GAP),
    })),
  };
}

function drawSheet(timeline: Timeline, shown: readonly Segment[], layout: Layout): Html {
  const { width, height, corners, tileWidth } = layout;
  const colors = colorsOf(timeline);
  const inner = width - 2 * MARGIN;
  const bar = { x: MARGIN, y: HEADER_HEIGHT - BAR_HEIGHT - 12, width: inner, height: BAR_HEIGHT };
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ${markup(FONT)}>
    <rect width="${width}" height="${height}" fill="#f5f6f8" />
    <text x="${MARGIN}" y="30" font-size="18" fill="#1b1e23">
      ${cutLine(videoName(timeline.video.source), 18, inner)}
    </text>
    <text x="${MARGIN}" y="51" font-size="13" fill="#636a75">
      ${cutLine(describe(timeline, shown), 13, inner)}
    </text>
    <rect x="${bar.x}" y="${bar.y}" width="${bar.width}" height="${bar.height}" fill="#dde1e7" />
    ${drawBar(timeline, colors, bar)}
    ${shown.map((segment, i) => drawTile(segment, colors, { ...corners[i]!, width: tileWidth }))}
  </svg>`;
}

function describe(timeline: Timeline, shown: readonly Segment[]): string {
  const { segments, model } = timeline;
  const by = model === '' ? '' : `, labeled by ${model}`;
  const length = formatTime(lengthSecOf(timeline));
  if (shown.length === segments.length) return `${length}, ${formatCount(segments.length, 'segment')}${by}`;
  const shortestSec = Math.min(...shown.map(({ startSec, endSec }) => endSec - startSec));
  return (
    `${length}, ${segments.length} segments${by}: the ${shown.length} longest are shown, ` +
    `${segments.length - shown.length} of up to ${formatTime(shortestSec)} are left out`
  );
}

function drawTile(
  { label, startSec, endSec, confidence }: Segment,
  colors: LabelColors,
  { x, y, width }: { x: number; y: number; width: number },
): Html {
  const top = y + PICTURE_HEIGHT;
  const ink = colors.inkOn(label);
  const when = `${formatTime(startSec)} – ${formatTime(endSec)}`;
  const sure = `${Math.round(100 * confidence)} %`;
  const room = width - 16;
  const numLetters = when.length + sure.length + 2;
  const isWide = cutLine('x'.repeat(numLetters), 12, room).length === numLetters;
  return html`<rect x="${x}" y="${y}" width="${width}" height="${PICTURE_HEIGHT}" fill="#c3c8d0" />
    <rect x="${x}" y="${top}" width="${width}" height="${CAPTION_HEIGHT}" fill="${colors.of(label)}" />
    <text x="${x + 8}" y="${top + 18}" font-size="15" fill="${ink}">${cutLine(label, 15, room)}</text>
    <text x="${x + 8}" y="${top + 34}" font-size="12" fill="${ink}">
      ${isWide ? when : cutLine(`${sure} ${when}`, 12, room)}
    </text>
    ${
      isWide &&
      html`<text x="${x + width - 8}" y="${top + 34}" font-size="12" fill="${ink}" text-anchor="end">
        ${sure}
      </text>`
    }`;
}

function placePictures({ frames, width, height }: TakenFrames, { corners }: Layout): OverlayOptions[] {
  return frames.flatMap((frame, i) => {
    const { x, y } = corners[i]!;
    return frame
      ? [{ input: Buffer.from(frame.data), raw: { width, height, channels: 3 as const }, left: x, top: y }]
      : [];
  });
}
