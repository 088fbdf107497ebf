import { TIME_TOLERANCE_SEC } from './frame-labels.js';
import type { FrameLabel, LabelSpan, Segment } from './timeline.js';

/**
 * Joins neighboring frames of one label into segments without gaps. A segment starts at the time of its first frame and
 * ends where the next one starts. Times need not be regular.
 *
 * @param frames - Labeled frames, times ascending.
 * @param endSec - End of the last segment, see {@link endOfVideo}.
 */
export function segmentFrames(frames: readonly FrameLabel[], endSec: number): Segment[] {
  const segments: Segment[] = [];
  for (let start = 0, end = 0; start < frames.length; start = end) {
    const { label, timeSec: startSec } = frames[start] as FrameLabel;
    let confidenceSum = 0;
    for (; frames[end]?.label === label; end++) confidenceSum += (frames[end] as FrameLabel).confidence;
    segments.push({
      label,
      startSec,
      endSec: frames[end]?.timeSec ?? endSec,
      confidence: confidenceSum / (end - start),
    });
  }
  return segments;
}

/**
 * Returns the end of a video in seconds: the stated length if it is a plausible end of the last frame, else one frame
 * duration after the last frame's start. The stated length is too short if the video was cut, and too long if
 * the audio is longer than the pictures.
 *
 * @param lastFrameSec - Time of the last frame.
 * @param frameRate - Frames per second, above 0.
 * @param durationSec - Stated length; 0 if unknown, as for live input.
 */
export function endOfVideo(lastFrameSec: number, frameRate: number, durationSec: number): number {
  const longestFrameSec = Math.max(1, 2 / frameRate);
  const isPlausible = durationSec > lastFrameSec && durationSec <= lastFrameSec + longestFrameSec;
  return isPlausible ? durationSec : lastFrameSec + 1 / frameRate;
}

/**
 * Looks up the label at each time. A time within a millisecond of a boundary counts as being at the boundary.
 *
 * @param spans - Spans of one video, sorted by start, without overlaps.
 * @param timesSec - Times, ascending.
 * @returns One label per time; undefined where nothing is labeled.
 */
export function labelsAtTimes(
  spans: readonly LabelSpan[],
  timesSec: readonly number[],
): (string | undefined)[] {
  let current = 0;
  return timesSec.map((timeSec) => {
    const time = timeSec + TIME_TOLERANCE_SEC;
    while ((spans[current]?.endSec ?? Infinity) <= time) current++;
    const span = spans[current];
    return span && span.startSec <= time ? span.label : undefined;
  });
}
