import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { publicSource } from '../video/media-names.js';
import { FramewiseError } from '../errors.js';
import { mapConcurrently } from '../runtime/map-concurrently.js';
import { isRemoteSource } from '../video/video-source.js';
import { budgetOf, type ReportVideo } from '../view/batch-report/report-row.js';
import { writeBatchReport } from '../view/batch-report/write-batch-report.js';
import {
  drawingsOf,
  linksOf,
  thumbnailsFile,
  timelineOf,
  type Drawing,
  type DrawingOptions,
} from './drawings.js';
import type { BatchSummary, LabeledVideo, VideoOutcome } from './summary.js';

/** What to draw of a batch. */
export interface DrawBatchOptions extends DrawingOptions {
  signal?: AbortSignal | undefined;
  /** Called as a drawing is begun and settled; one that fails does not keep the others from being made. */
  onDrawing?: (event: DrawingEvent) => void;
}

/**
 * What becomes of a drawing: it is kept as it is, or begun and then drawn or failed. An overlay advances on its way by seconds
 * of its video, whose length is 0 if unknown.
 */
export type DrawingEvent = { source: string; what: Drawing['what'] } & (
  | { status: 'begun' | 'drawn' | 'kept' }
  | { status: 'advanced'; doneSec: number; durationSec: number }
  | { status: 'failed'; error: FramewiseError }
);

/** What is there of a batch after drawing. */
export interface BatchDrawings {
  /** Of each labeled video, in order: its drawings, and those that could not be made. */
  videos: VideoDrawings[];
  /** The page of all videos, if it was asked for. */
  report?: string;
  numFailed: number;
}

/** What is there of a video after drawing. */
export interface VideoDrawings {
  source: string;
  files: string[];
  failures: { what: Drawing['what']; code: string; message: string }[];
}

/** Videos at a time: ffmpeg uses all cores by itself, and finding frames is mostly waiting. */
const NUM_AT_A_TIME = 2;

/**
 * Draws what a batch found, from the `json` label files. A drawing that is younger than its label file is kept, so that a
 * batch that is run again draws only what is missing or has changed.
 *
 * @param summary - Of the batch, whose labeled videos have a file of the format `json`.
 * @throws {OutputError} If the page cannot be written.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function drawBatch(
  { videos }: Pick<BatchSummary, 'videos'>,
  options: DrawBatchOptions,
): Promise<BatchDrawings> {
  const { outputDir, signal } = options;
  const labeled = videos.filter((video) => video.status !== 'failed');
  const { numThumbnails } = budgetOf(videos.length);
  const draw = async (video: LabeledVideo, end: AbortSignal): Promise<VideoDrawings> => {
    const failures = await drawVideo(video, drawingsOf(video, numThumbnails, options), options, end);
    return { source: video.source, files: Object.values(await linksOf(video)), failures };
  };
  const drawn = await mapConcurrently(labeled, NUM_AT_A_TIME, draw, signal);
  const numFailed = drawn.reduce((sum, { failures }) => sum + failures.length, 0);
  if (!options.report) return { videos: drawn, numFailed };
  const rows = reportVideos(videos, numThumbnails, options);
  return { videos: drawn, report: await writeBatchReport(outputDir, rows, videos.length), numFailed };
}

/** How many drawings {@link drawBatch} tells of. */
export function countDrawings({ videos }: Pick<BatchSummary, 'videos'>, options: DrawingOptions): number {
  const numLabelled = videos.filter(({ status }) => status !== 'failed').length;
  return numLabelled * [options.overlay, options.contactSheet, options.report].filter(Boolean).length;
}

async function drawVideo(
  video: LabeledVideo,
  drawings: readonly Drawing[],
  { onDrawing }: DrawBatchOptions,
  signal: AbortSignal,
): Promise<VideoDrawings['failures']> {
  const failures: VideoDrawings['failures'] = [];
  for (const { what, isFresh, draw } of drawings) {
    const about = { source: video.source, what };
    if (await isFresh()) {
      onDrawing?.({ ...about, status: 'kept' });
      continue;
    }
    onDrawing?.({ ...about, status: 'begun' });
    try {
      await draw(await timelineOf(video), signal, (progress) =>
        onDrawing?.({ ...about, status: 'advanced', ...progress }),
      );
      onDrawing?.({ ...about, status: 'drawn' });
    } catch (error) {
      if (signal.aborted || !(error instanceof FramewiseError)) throw error;
      failures.push({ what, code: error.code, message: error.message });
      onDrawing?.({ ...about, status: 'failed', error });
    }
  }
  return failures;
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

/** Address of a file from the page, with every character that an address would read otherwise escaped. */
function hrefOf(file: string, outputDir: string): string {
  const below = path.relative(path.resolve(outputDir), path.resolve(file));
  return below.split(path.sep).map(encodeURIComponent).join('/');
}
