import path from 'node:path';
import { publicSource } from '../addresses.js';
import { writeFileAtomic } from '../runtime/output-file.js';

/** File in the output folder with the result of the last complete run. */
export const SUMMARY_FILE = 'summary.json';

/** Outcome of one video of a batch. */
export type VideoOutcome = LabeledVideo | FailedVideo;

/** A video with label files. */
export interface LabeledVideo {
  source: string;
  /** `unchanged` if an earlier run labeled the video and nothing has changed since. */
  status: 'labelled' | 'unchanged';
  /** Whether someone edited its label files since they were written. They are kept, and so is the old result. */
  isEdited: boolean;
  numFrames: number;
  numSegments: number;
  /** Seconds of video that the segments cover. */
  videoSec: number;
  /** Seconds from opening the video to its last label file. 0 if unchanged. */
  wallSec: number;
  /** Paths of the label files, in the order of the formats. */
  files: string[];
}

/** A video that could not be labeled. */
export interface FailedVideo {
  source: string;
  status: 'failed';
  error: { code: string; message: string };
  /** Whether the video failed in an earlier run and was not tried again. */
  isEarlier: boolean;
}

/** Result of a batch. */
export interface BatchSummary {
  numVideos: number;
  /** Videos that this run labeled. */
  numLabelled: number;
  /** Videos that an earlier run had labeled, edited ones included. */
  numUnchanged: number;
  /** Videos whose label files someone edited. Only `overwrite` replaces them. */
  numEdited: number;
  numFailed: number;
  /** Frames that this run labeled. */
  numFrames: number;
  /** Seconds of video that this run labeled. */
  videoSec: number;
  /** Seconds that the run took. */
  wallSec: number;
  framesPerSec: number;
  /** One outcome per video, in order. */
  videos: VideoOutcome[];
}

/** Summarizes the outcomes of a batch. @param wallSec - Seconds that the whole batch took. */
export function summarize(videos: readonly VideoOutcome[], wallSec: number): BatchSummary {
  const done = videos.filter((video) => video.status !== 'failed');
  const labeled = done.filter((video) => video.status === 'labelled');
  const numFrames = labeled.reduce((sum, video) => sum + video.numFrames, 0);
  return {
    numVideos: videos.length,
    numLabelled: labeled.length,
    numUnchanged: done.length - labeled.length,
    numEdited: done.filter(({ isEdited }) => isEdited).length,
    numFailed: videos.length - done.length,
    numFrames,
    videoSec: labeled.reduce((sum, video) => sum + video.videoSec, 0),
    wallSec,
    framesPerSec: wallSec > 0 ? numFrames / wallSec : 0,
    videos: [...videos],
  };
}

/** Removes secrets from URLs, such as the passwords of cameras. */
export function publicSummary(summary: BatchSummary): BatchSummary {
  const videos = summary.videos.map((video) => ({ ...video, source: publicSource(video.source) }));
  return { ...summary, videos };
}

/** Writes `summary.json`, without secrets. @throws {OutputError} If it cannot be written. */
export async function writeSummary(outputDir: string, summary: BatchSummary): Promise<void> {
  await writeFileAtomic(path.join(outputDir, SUMMARY_FILE), `${JSON.stringify(publicSummary(summary))}\n`);
}
