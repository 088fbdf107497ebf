import { FramewiseError } from '../../errors.js';
import { mapConcurrently } from '../../runtime/map-concurrently.js';
import { probeVideo } from '../../video/probe-video.js';
import type { AnnotatedVideo } from './annotated-video.js';
import type { Skipped } from '../annotation-format.js';

/** A segment that ends after its video. */
export interface LabelBeyondEnd {
  video: string;
  label: string;
  startSec: number;
  endSec: number;
  /** Length of the video in seconds. */
  durationSec: number;
}

/** Slack for labels that end with the video, because containers round its length. */
const END_SLACK_SEC = 0.25;

/** Number of probes at the same time; each is a process. */
const NUM_PARALLEL = 4;

/**
 * Probes the length of every video, without decoding.
 *
 * @returns Seconds by the video's name, without videos of unknown length; and the videos that cannot be opened.
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
 * Finds segments that end after their video. The part after the end covers no frames. Often such a segment is a sign of a
 * wrong frame rate or of the wrong video.
 *
 * @param durationsSec - Lengths in seconds by name of the video; videos without a length are ignored.
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
