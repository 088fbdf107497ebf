import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { publicSource } from '../addresses.js';
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

/** What to draw for a batch. */
export interface DrawBatchOptions extends DrawingOptions {
  signal?: AbortSignal;
  /** Called when a drawing starts, advances and is settled. If one fails, the others are still made. */
  onDrawing?: (event: DrawingEvent) => void;
}

/**
 * Progress of one drawing. It is kept because it is up to date, or it is begun and then drawn or failed. Overlays also
 * report how many seconds of the video are done. `durationSec` is 0 if the length is unknown.
 */
export type DrawingEvent = { source: string; what: Drawing['what'] } & (
  | { status: 'begun' | 'drawn' | 'kept' }
  | { status: 'advanced'; doneSec: number; durationSec: number }
  | { status: 'failed'; error: FramewiseError }
);

/** The drawings of a batch. */
export interface BatchDrawings {
  /** Drawings of each labeled video, in the order of the videos. */
  videos: VideoDrawings[];
  /** Path of the report page, if it was requested. */
  report?: string;
  /** Number of drawings that could not be made. */
  numFailed: number;
}

/** The drawings of one video. */
export interface VideoDrawings {
  source: string;
  /** Paths of the drawings. */
  files: string[];
  /** Drawings that could not be made. */
  failures: { what: Drawing['what']; code: string; message: string }[];
}

/** Videos at a time. ffmpeg uses all cores by itself, but a second video fills the time in which the first one waits. */
const NUM_AT_A_TIME = 2;

/**
 * Makes overlays, contact sheets and the report page of a batch from its `json` label files. A drawing that is newer than
 * its label file is kept, so a second run draws only what is missing or has changed.
 *
 * @param summary - Summary of the batch. Each labeled video must have a label file in the format `json`.
 * @throws {OutputError} If the report page cannot be written.
 * @throws The reason of `signal`, if it is aborted.
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

/** Number of drawings for which {@link drawBatch} calls `onDrawing`. */
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
      links: links.length > 0 ? (Object.fromEntries(links) as Record<string, string>) : undefined,
      timeline: await timelineOf(video),
      thumbnails: jpeg.length > 0 ? { jpeg, count: numThumbnails } : undefined,
    };
  }
}

/** Relative URL from the report page to a file. */
function hrefOf(file: string, outputDir: string): string {
  const below = path.relative(path.resolve(outputDir), path.resolve(file));
  return below.split(path.sep).map(encodeURIComponent).join('/');
}
