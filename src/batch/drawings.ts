import { stat } from 'node:fs/promises';
import path from 'node:path';
import { readTimelineJson } from '../annotations/formats/json.js';
import { FORMAT_WORDS } from '../video/media-names.js';
import { writeFileAtomic } from '../runtime/output-file.js';
import type { Timeline } from '../timeline/timeline.js';
import type { VideoLimits } from '../video/video-limits.js';
import { takeThumbnails } from '../view/take-frames.js';
import { writeContactSheet } from '../view/contact-sheet.js';
import { OVERLAY_EXTENSIONS, writeOverlay } from '../view/overlay.js';
import type { OverlayOptions } from '../view/overlay-source.js';
import { STATE_FOLDER } from './state-folder.js';
import type { LabeledVideo } from './summary.js';

/** What to draw, and within which limits. */
export interface DrawingOptions {
  /** Folder that holds the label files. */
  outputDir: string;
  /** Write a copy of each video with its labels drawn into it, as `NAME.overlay.mp4`. */
  overlay?: boolean;
  /** Write one picture per video with a thumbnail per segment, as `NAME.contact-sheet.jpg`. */
  contactSheet?: boolean;
  /** Write a page with all videos, as `report.html`. */
  report?: boolean;
  /** Largest size and length of a video. */
  limits?: VideoLimits;
  /** Index of the stream that was labeled. Default: the stream that players show. */
  stream?: number;
  /** Allow URLs. Default false. */
  allowRemote?: boolean;
  /** Hosts besides that of the address that redirects and playlists may lead to. Default: none. */
  allowHosts?: readonly string[];
  /** Milliseconds without a frame after which an overlay fails. */
  stallTimeoutMs?: number;
}

type OverlayProgress = NonNullable<OverlayOptions['onProgress']>;

/** One drawing of a video, made from its JSON label file. */
export interface Drawing {
  what: 'overlay' | 'contact sheet' | 'thumbnails';
  /** Whether the drawing exists and is newer than the label file. */
  isFresh: () => Promise<boolean>;
  /** @param onProgress - Called by drawings that take long. */
  draw: (timeline: Timeline, signal: AbortSignal, onProgress: OverlayProgress) => Promise<unknown>;
}

const CONTACT_SHEET_EXTENSION = '.contact-sheet.jpg';

/** Lists the drawings of a video that the options ask for. @param numThumbnails - Thumbnails in its row of the page. */
export function drawingsOf(video: LabeledVideo, numThumbnails: number, options: DrawingOptions): Drawing[] {
  const base = baseOf(video);
  const { limits, allowRemote, allowHosts, stream, stallTimeoutMs } = options;
  const isFresh = async (...files: string[]): Promise<boolean> =>
    (await Promise.all(files.map((file) => isYounger(file, jsonOf(video))))).includes(true);
  const sheet = `${base}${CONTACT_SHEET_EXTENSION}`;
  const strip = thumbnailsFile(video, numThumbnails, options.outputDir);
  const drawings: (Drawing | false | undefined)[] = [
    options.overlay && {
      what: 'overlay',
      isFresh: () => isFresh(...overlaysOf(base)),
      draw: (timeline, signal, onProgress) =>
        writeOverlay(timeline, base, {
          limits,
          allowRemote,
          allowHosts,
          stream,
          stallTimeoutMs,
          signal,
          onProgress,
        }),
    },
    options.contactSheet && {
      what: 'contact sheet',
      isFresh: () => isFresh(sheet),
      draw: (timeline, signal) =>
        writeContactSheet(timeline, sheet, { allowRemote, allowHosts, stream, signal }),
    },
    options.report && {
      what: 'thumbnails',
      isFresh: () => isFresh(strip),
      // If the video no longer exists, an empty file records that there are no thumbnails.
      draw: async (timeline, signal) =>
        writeFileAtomic(
          strip,
          (await takeThumbnails(timeline, numThumbnails, { allowRemote, allowHosts, stream, signal })) ??
            new Uint8Array(),
        ),
    },
  ];
  return drawings.filter((drawing) => typeof drawing === 'object');
}

/** Paths of the up-to-date drawings of a video, by name. */
export async function linksOf(video: LabeledVideo): Promise<Record<string, string>> {
  const base = baseOf(video);
  const candidates: [string, string][] = [
    ...overlaysOf(base).map((file): [string, string] => ['overlay', file]),
    ['contact sheet', `${base}${CONTACT_SHEET_EXTENSION}`],
  ];
  const links: Record<string, string> = {};
  for (const [what, file] of candidates) if (await isYounger(file, jsonOf(video))) links[what] = file;
  return links;
}

/** Reads the timeline of a labeled video from its JSON label file. */
export async function timelineOf(video: LabeledVideo): Promise<Timeline> {
  const timeline = await readTimelineJson(jsonOf(video));
  return { ...timeline, video: { ...timeline.video, source: video.source } };
}

function jsonOf({ source, files }: LabeledVideo): string {
  const others = FORMAT_WORDS.map((word) => `.${word}.json`);
  const found = files.find(
    (file) => file.endsWith('.json') && !others.some((ending) => file.endsWith(ending)),
  );
  if (found === undefined) throw new Error(`"${source}" was labeled without the format "json".`);
  return found;
}

function baseOf(video: LabeledVideo): string {
  return jsonOf(video).slice(0, -'.json'.length);
}

function overlaysOf(base: string): string[] {
  return Object.values(OVERLAY_EXTENSIONS).map((extension) => base + extension);
}

/** Path of the thumbnail strip of a video for the report page. */
export function thumbnailsFile(video: LabeledVideo, count: number, outputDir: string): string {
  const below = path.relative(outputDir, baseOf(video));
  return path.join(outputDir, STATE_FOLDER, 'thumbnails', `${below}.${count}.jpg`);
}

async function isYounger(file: string, than: string): Promise<boolean> {
  const [drawn, labeled] = await Promise.all([file, than].map((each) => stat(each).catch(() => undefined)));
  return drawn !== undefined && labeled !== undefined && drawn.mtimeMs >= labeled.mtimeMs;
}
