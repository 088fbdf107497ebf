import { AnnotationError } from '../errors.js';
import type { LabelSpan, Timeline } from '../timeline/timeline.js';

/** Consecutive frames of one label, `[startFrame, endFrame)`. */
export interface FrameRun {
  label: string;
  startFrame: number;
  endFrame: number;
}

/** A frame that begins so shortly after a time counts as beginning then: label files round to the millisecond. */
const TOLERANCE_SEC = 0.001;

/**
 * Joins consecutive frames of one label.
 *
 * @param labels - The label of each frame; undefined where it has none.
 */
export function runsOf(labels: readonly (string | undefined)[]): FrameRun[] {
  const runs: FrameRun[] = [];
  labels.forEach((label, frame) => {
    const last = runs.at(-1);
    if (label === undefined) return;
    if (last?.label === label && last.endFrame === frame) last.endFrame++;
    else runs.push({ label, startFrame: frame, endFrame: frame + 1 });
  });
  return runs;
}

/**
 * The frames that begin within a stretch of time, `[startFrame, endFrame)`, where frame `i` begins at `i / frameRate`;
 * none where the stretch lies between two frames.
 */
export function framesWithin({ startSec, endSec }: LabelSpan, frameRate: number): Omit<FrameRun, 'label'> {
  const frameFrom = (timeSec: number): number =>
    Math.max(0, Math.ceil((timeSec - TOLERANCE_SEC) * frameRate));
  return { startFrame: frameFrom(startSec), endFrame: frameFrom(endSec) };
}

/**
 * The rate at which a format counts a video's frames: the video's own, whatever the model looked at.
 *
 * @param title - The format, for the message.
 * @throws {AnnotationError} If it is not known.
 */
export function countingRate({ video }: Timeline, title: string): number {
  if (video.frameRate > 0) return video.frameRate;
  throw new AnnotationError(
    `To write ${title}, frames are counted, and how many a second ${JSON.stringify(video.source)} has is not known. ` +
      'Put the video beside its label file, or say the rate (--frame-rate).',
    video.source,
  );
}

/** How many frames a video has by its own account, else by its length; 0 if it says neither. */
export function numFramesOf({ video }: Timeline): number {
  return video.numFrames ?? Math.round(video.durationSec * video.frameRate);
}
