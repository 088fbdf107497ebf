import { FramewiseError } from '../../errors.js';
import { mapConcurrently } from '../../runtime/map-concurrently.js';
import { probeVideo } from '../../video/probe-video.js';
import type { AnnotatedVideo } from './annotated-video.js';
import type { Skipped } from '../annotation-format.js';

/** A label that reaches past the end of its video. */
export interface LabelBeyondEnd {
  video: string;
  label: string;
  startSec: number;
  endSec: number;
  /** Length of the video. */
  durationSec: number;
}

/** Containers round a video's length, and labels often end with it: past the end is what lies further. */
const END_SLACK_SEC = 0.25;

/** Probes at once; each is a process. */
const NUM_PARALLEL = 4;

/**
 * Asks every video for its length, without decoding it.
 *
 * @returns Seconds by the video's name, without those of unknown length; and the videos that cannot be opened.
 * @throws {FfmpegMissingError} If this machine has no ffprobe.
 */
export async function probeDurations(
  videos: readonly AnnotatedVideo[],
  signal?: AbortSignal,
): Promise<{ durationsSec: Map<string, number>; unreadable: Skipped[] }> {
  const durationsSec = new Map<string, number>();
  const unreadable: Skipped[] = [];
  const probe = async (video: AnnotatedVideo, end: AbortSignal): Promise<void> => {
    try {
      const { durationSec } = await probeVideo(video.path, { signal: end });
      if (durationSec > 0) durationsSec.set(video.name, durationSec);
    } catch (error) {
      if (!(error instanceof FramewiseError) || !error.code.startsWith('ERR_VIDEO')) throw error;
      unreadable.push({ what: `"${video.name}"`, why: error.message });
    }
  };
  await mapConcurrently(videos, NUM_PARALLEL, probe, signal);
  return { durationsSec, unreadable };
}

/**
 * Finds labels that end after their video, or lie behind its end altogether. Frames there are not, so they teach
 * nothing; often they are a sign of a wrong frame rate, or of the wrong video.
 *
 * @param durationsSec - Lengths by the videos' names; videos without one are passed over.
 */
export function findLabelsBeyondEnd(
  videos: readonly AnnotatedVideo[],
  durationsSec: ReadonlyMap<string, number>,
): LabelBeyondEnd[] {
  return videos.flatMap(({ name: video, segments }) => {
    const durationSec = durationsSec.get(video) ?? Infinity;
    return segments
      .filter(({ endSec }) => endSec !== Infinity && endSec > durationSec + END_SLACK_SEC)
      .map((segment) => ({ video, ...segment, durationSec }));
  });
}
