import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { readTimelineJson } from '../annotations/json.js';
import { FORMAT_WORDS, publicSource } from '../annotations/media-names.js';
import { FramewiseError } from '../errors.js';
import { writeFileAtomic } from '../runtime/output-file.js';
import type { Timeline } from '../timeline/timeline.js';
import type { VideoLimits } from '../video/video-limits.js';
import { isRemoteSource } from '../video/video-source.js';
import { budgetOf, type ReportVideo } from '../view/batch-report/report-row.js';
import { takeThumbnails } from '../view/batch-report/thumbnails.js';
import { writeBatchReport } from '../view/batch-report/write-batch-report.js';
import { writeContactSheet } from '../view/contact-sheet.js';
import { OVERLAY_EXTENSIONS, writeOverlay } from '../view/overlay.js';
import { mapInFlight } from './in-flight.js';
import { STATE_FOLDER } from './journal.js';
import type { BatchSummary, LabelledVideo, VideoOutcome } from './summary.js';

/** What to draw of a batch. */
export interface DrawBatchOptions {
  /** Folder that holds the label files. */
  outputDir: string;
  /** Write each video again with its labels burnt in, as `NAME.overlay.mp4`. */
  overlay?: boolean | undefined;
  /** Write a picture of each video's segments, as `NAME.contact-sheet.jpg`. */
  contactSheet?: boolean | undefined;
  /** Write a page of all videos, as `report.html`. */
  report?: boolean | undefined;
  /** How large and long a video may be, whether addresses are opened, and how long one may take to do nothing. */
  limits?: VideoLimits | undefined;
  allowRemote?: boolean | undefined;
  stallTimeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Told which drawing failed and why; the others are made all the same. */
  onFailure?: (source: string, message: string) => void;
}

const CONTACT_SHEET_EXTENSION = '.contact-sheet.jpg';

/** Videos at a time: ffmpeg uses all cores by itself, and finding frames is mostly waiting. */
const NUM_AT_A_TIME = 2;

/**
 * Draws what a batch found, from the `json` label files. A drawing that is younger than its label file is kept, so that a
 * batch that is run again draws only what is missing or has changed.
 *
 * @param summary - Of the batch, whose labelled videos have a file of the format `json`.
 * @returns Files that are there now, and how many could not be made.
 * @throws {OutputError} If the page cannot be written.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function drawBatch(
  { videos }: Pick<BatchSummary, 'videos'>,
  options: DrawBatchOptions,
): Promise<{ files: string[]; numFailed: number }> {
  const files: string[] = [];
  let numFailed = 0;
  const labelled = videos.filter((video) => video.status !== 'failed');
  const { numThumbnails } = budgetOf(videos.length);
  await mapInFlight(
    labelled,
    NUM_AT_A_TIME,
    async (video, signal) => {
      for (const drawing of drawingsOf(video, numThumbnails, options)) {
        if (await drawing.isFresh()) continue;
        try {
          await drawing.draw(await timelineOf(video), signal);
        } catch (error) {
          if (signal.aborted || !(error instanceof FramewiseError)) throw error;
          numFailed++;
          options.onFailure?.(video.source, `${drawing.what}: ${error.message}`);
        }
      }
      files.push(...Object.values(await linksOf(video)));
    },
    options.signal,
  );
  if (options.report) {
    files.push(
      await writeBatchReport(options.outputDir, reportVideos(videos, numThumbnails, options), videos.length),
    );
  }
  return { files, numFailed };
}

interface Drawing {
  what: string;
  isFresh: () => Promise<boolean>;
  draw: (timeline: Timeline, signal: AbortSignal) => Promise<unknown>;
}

function drawingsOf(video: LabelledVideo, numThumbnails: number, options: DrawBatchOptions): Drawing[] {
  const base = baseOf(video);
  const { limits, allowRemote, stallTimeoutMs } = options;
  const isFresh = async (...files: string[]): Promise<boolean> =>
    (await Promise.all(files.map((file) => isYounger(file, jsonOf(video))))).includes(true);
  const sheet = `${base}${CONTACT_SHEET_EXTENSION}`;
  const strip = thumbnailsFile(video, numThumbnails, options.outputDir);
  const drawings: (Drawing | false | undefined)[] = [
    options.overlay && {
      what: 'overlay',
      isFresh: () => isFresh(...overlaysOf(base)),
      draw: (timeline, signal) =>
        writeOverlay(timeline, base, { limits, allowRemote, stallTimeoutMs, signal }),
    },
    options.contactSheet && {
      what: 'contact sheet',
      isFresh: () => isFresh(sheet),
      draw: (timeline, signal) => writeContactSheet(timeline, sheet, { allowRemote, signal }),
    },
    options.report && {
      what: 'thumbnails',
      isFresh: () => isFresh(strip),
      // Of a video that is gone by now there are none, which an empty file remembers.
      draw: async (timeline, signal) =>
        writeFileAtomic(
          strip,
          (await takeThumbnails(timeline, numThumbnails, { allowRemote, signal })) ?? new Uint8Array(),
        ),
    },
  ];
  return drawings.filter((drawing) => typeof drawing === 'object');
}

async function* reportVideos(
  videos: readonly VideoOutcome[],
  numThumbnails: number,
  { outputDir, signal }: DrawBatchOptions,
): AsyncGenerator<ReportVideo> {
  for (const video of videos) {
    signal?.throwIfAborted();
    const { source } = video;
    const about = {
      name: publicSource(source),
      href: isRemoteSource(source) ? null : hrefOf(source, outputDir),
    };
    if (video.status === 'failed') {
      yield { ...about, error: video.error };
      continue;
    }
    const jpeg = await readFile(thumbnailsFile(video, numThumbnails, outputDir)).catch(() => Buffer.alloc(0));
    const links = Object.entries(await linksOf(video)).map(([what, file]) => [what, hrefOf(file, outputDir)]);
    yield {
      ...about,
      ...(links.length > 0 && { links: Object.fromEntries(links) as Record<string, string> }),
      timeline: await timelineOf(video),
      thumbnails: jpeg.length > 0 ? { jpeg, count: numThumbnails } : undefined,
    };
  }
}

/** Drawings of a video that are there, by name. */
async function linksOf(video: LabelledVideo): Promise<Record<string, string>> {
  const base = baseOf(video);
  const candidates: [string, string][] = [
    ...overlaysOf(base).map((file): [string, string] => ['overlay', file]),
    ['contact sheet', `${base}${CONTACT_SHEET_EXTENSION}`],
  ];
  const links: Record<string, string> = {};
  for (const [what, file] of candidates) if (await isYounger(file, jsonOf(video))) links[what] = file;
  return links;
}

async function timelineOf(video: LabelledVideo): Promise<Timeline> {
  const timeline = await readTimelineJson(jsonOf(video));
  return { ...timeline, video: { ...timeline.video, source: video.source } };
}

function jsonOf({ source, files }: LabelledVideo): string {
  const others = FORMAT_WORDS.map((word) => `.${word}.json`);
  const found = files.find(
    (file) => file.endsWith('.json') && !others.some((ending) => file.endsWith(ending)),
  );
  if (found === undefined) throw new Error(`"${source}" was labelled without the format "json".`);
  return found;
}

function baseOf(video: LabelledVideo): string {
  return jsonOf(video).slice(0, -'.json'.length);
}

function overlaysOf(base: string): string[] {
  return Object.values(OVERLAY_EXTENSIONS).map((extension) => base + extension);
}

function thumbnailsFile(video: LabelledVideo, count: number, outputDir: string): string {
  const below = path.relative(outputDir, baseOf(video));
  return path.join(outputDir, STATE_FOLDER, 'thumbnails', `${below}.${count}.jpg`);
}

async function isYounger(file: string, than: string): Promise<boolean> {
  const [drawn, labelled] = await Promise.all([file, than].map((each) => stat(each).catch(() => undefined)));
  return drawn !== undefined && labelled !== undefined && drawn.mtimeMs >= labelled.mtimeMs;
}

/** Address of a file from the page, with every character that an address would read otherwise escaped. */
function hrefOf(file: string, outputDir: string): string {
  const below = path.relative(path.resolve(outputDir), path.resolve(file));
  return below.split(path.sep).map(encodeURIComponent).join('/');
}
