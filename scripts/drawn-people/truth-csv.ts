import { stringify } from 'csv-stringify/sync';
import { FRAME_RATE } from './screenplay.js';
import type { TruthSegment } from './screenplay.js';

/** The truth of one video. */
export interface VideoTruth {
  /** Name of the file, as the label file gives it. */
  video: string;
  segments: readonly TruthSegment[];
}

/**
 * Writes the truth of videos as `video,label,start,end`: seconds, `[start, end)`. Frame k is shown at k / 15
 * s. Times are cut after six decimals and never rounded up, so that the frame at a boundary lies in the
 * segment that it begins.
 */
export function truthCsv(videos: readonly VideoTruth[]): string {
  const rows = videos.flatMap(({ video, segments }) =>
    segments.map(({ label, startFrame, endFrame }) => [video, label, seconds(startFrame), seconds(endFrame)]),
  );
  return stringify([['video', 'label', 'start', 'end'], ...rows]);
}

function seconds(frame: number): string {
  return (Math.floor((frame * 1e6) / FRAME_RATE) / 1e6).toFixed(6);
}
