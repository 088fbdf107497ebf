import path from 'node:path';
import type { BatchDrawings } from '../../batch/draw-batch.js';
import { publicSummary, SUMMARY_FILE, type BatchSummary, type VideoOutcome } from '../../batch/summary.js';
import { publicSource } from '../../video/media-names.js';
import { formatDuration } from './terminal-text.js';
import type { Mark } from './terminal.js';

/** Formats the outcome of one video as a line for stderr. */
export function formatOutcome(outcome: VideoOutcome): [text: string, mark: Mark] {
  const source = publicSource(outcome.source);
  if (outcome.status === 'failed') {
    const hint = outcome.isEarlier ? ' (in an earlier run; --retry-failed tries again)' : '';
    return [`${source}: ${outcome.error.message}${hint}`, 'failed'];
  }
  const mark = outcome.status === 'labelled' ? 'labeled' : outcome.status;
  return [`${source}: ${outcome.numFrames} frames, ${outcome.numSegments} segments`, mark];
}

/** Formats the result of a batch as one line. */
export function formatSummary(summary: BatchSummary, outputDir: string): string {
  const { numVideos, numLabelled, numUnchanged, numFailed, numFrames, videoSec, wallSec } = summary;
  const earlier = numUnchanged > 0 ? `, ${numUnchanged} of them in an earlier run` : '';
  const failed = numFailed > 0 ? ` ${numFailed} failed: see ${path.join(outputDir, SUMMARY_FILE)}.` : '';
  const pace =
    `${numFrames} frames, ${formatDuration(videoSec)} of video in ${formatDuration(wallSec)}, ` +
    `${summary.framesPerSec.toFixed(1)} frames per second.`;
  return `${numLabelled + numUnchanged} of ${numVideos} videos labeled${earlier}.${failed} ${pace}`;
}

/** Lists the files of a batch: label files in the order of the videos, then drawings, then the report page. */
export function filesOf({ videos }: BatchSummary, drawings: BatchDrawings | undefined): string[] {
  const labelFiles = videos.flatMap((video) => (video.status === 'failed' ? [] : video.files));
  const drawn = drawings?.videos.flatMap(({ files }) => files) ?? [];
  return [...labelFiles, ...drawn, ...(drawings?.report === undefined ? [] : [drawings.report])];
}

/** The object that `--json` prints: the summary, and the drawings of each video if drawings were requested. */
export function batchJson(summary: BatchSummary, drawings: BatchDrawings | undefined): object {
  const shown = publicSummary(summary);
  if (!drawings) return shown;
  const ofSource = new Map(drawings.videos.map((video) => [publicSource(video.source), video]));
  const videos = shown.videos.map((video) => {
    const drawn = ofSource.get(video.source);
    return drawn ? { ...video, drawings: drawn.files, drawingFailures: drawn.failures } : video;
  });
  return { ...shown, numDrawingsFailed: drawings.numFailed, report: drawings.report ?? null, videos };
}
