import path from 'node:path';
import { publicSource } from '../video/media-names.js';
import { writeFileAtomic } from '../runtime/output-file.js';

/** File of the output folder that tells how the last whole run went. */
export const SUMMARY_FILE = 'summary.json';

/** What became of one video. */
export type VideoOutcome = LabeledVideo | FailedVideo;

/** A video whose label files are there. */
export interface LabeledVideo {
  source: string;
  /** `unchanged` if an earlier run labeled it and nothing has changed since. */
  status: 'labelled' | 'unchanged';
  numFrames: number;
  numSegments: number;
  /** Seconds of video that the segments cover. */
  videoSec: number;
  /** Seconds from its opening to its last label file; 0 if unchanged. */
  wallSec: number;
  /** Paths of the label files, in the order of the formats. */
  files: string[];
}

/** A video that could not be labeled. */
export interface FailedVideo {
  source: string;
  status: 'failed';
  error: { code: string; message: string };
  /** Whether an earlier run found out, and this one did not try again. */
  isEarlier: boolean;
}

/** How a batch went. */
export interface BatchSummary {
  numVideos: number;
  numLabelled: number;
  /** Videos that an earlier run had labeled. */
  numUnchanged: number;
  numFailed: number;
  /** Frames and seconds of video that this run labeled. */
  numFrames: number;
  videoSec: number;
  wallSec: number;
  framesPerSec: number;
  /** One outcome a video, in order. */
  videos: VideoOutcome[];
}

/** @param wallSec - Seconds that the whole batch took. */
export function summarize(videos: readonly VideoOutcome[], wallSec: number): BatchSummary {
  const done = videos.filter((video) => video.status !== 'failed');
  const labeled = done.filter((video) => video.status === 'labelled');
  const numFrames = labeled.reduce((sum, video) => sum + video.numFrames, 0);
  return {
    numVideos: videos.length,
    numLabelled: labeled.length,
    numUnchanged: done.length - labeled.length,
    numFailed: videos.length - done.length,
    numFrames,
    videoSec: labeled.reduce((sum, video) => sum + video.videoSec, 0),
    wallSec,
    framesPerSec: wallSec > 0 ? numFrames / wallSec : 0,
    videos: [...videos],
  };
}

/** The summary without the secrets of addresses, in which cameras keep their password. */
export function publicSummary(summary: BatchSummary): BatchSummary {
  const videos = summary.videos.map((video) => ({ ...video, source: publicSource(video.source) }));
  return { ...summary, videos };
}

/** @throws {OutputError} If it cannot be written. */
export async function writeSummary(outputDir: string, summary: BatchSummary): Promise<void> {
  await writeFileAtomic(path.join(outputDir, SUMMARY_FILE), `${JSON.stringify(publicSummary(summary))}\n`);
}
