import path from 'node:path';
import { publicSource } from '../../video/media-names.js';
import type { BatchDrawings } from '../../batch/draw-batch.js';
import { publicSummary, SUMMARY_FILE, type BatchSummary, type VideoOutcome } from '../../batch/summary.js';
import { formatDuration } from './progress-text.js';
import type { Mark } from './terminal.js';

/** What became of a video, as a remark. */
export function formatOutcome(outcome: VideoOutcome): [text: string, mark: Mark] {
  const source = publicSource(outcome.source);
  if (outcome.status === 'failed') {
    const hint = outcome.isEarlier ? ' (in an earlier run; --retry-failed tries again)' : '';
    return [`${source}: ${outcome.error.message}${hint}`, 'failed'];
  }
  const mark = outcome.status === 'labelled' ? 'labeled' : outcome.status;
  return [`${source}: ${outcome.numFrames} frames, ${outcome.numSegments} segments`, mark];
}

/** How a batch went, in a line. */
export function formatSummary(summary: BatchSummary, outputDir: string): string {
  const { numVideos, numLabelled, numUnchanged, numFailed, numFrames, videoSec, wallSec } = summary;
  const earlier = numUnchanged > 0 ? `, ${numUnchanged} of them in an earlier run` : '';
  const failed = numFailed > 0 ? ` ${numFailed} failed: see ${path.join(outputDir, SUMMARY_FILE)}.` : '';
  const pace =
    `${numFrames} frames, ${formatDuration(videoSec)} of video in ${formatDuration(wallSec)}, ` +
    `${summary.framesPerSec.toFixed(1)} frames a second.`;
  return `${numLabelled + numUnchanged} of ${numVideos} videos labeled${earlier}.${failed} ${pace}`;
}

/** Files of a batch: those of labels, video by video, then those that were drawn, and the page of all. */
export function filesOf({ videos }: BatchSummary, drawings: BatchDrawings | undefined): string[] {
  const labelFiles = videos.flatMap((video) => (video.status === 'failed' ? [] : video.files));
  const drawn = drawings?.videos.flatMap(({ files }) => files) ?? [];
  return [...labelFiles, ...drawn, ...(drawings?.report === undefined ? [] : [drawings.report])];
}

/** All of a batch for `--json`: its summary, with what was drawn of each video and of all if anything was to be. */
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
