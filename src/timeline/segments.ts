import { TIME_TOLERANCE_SEC } from './frame-labels.js';
import type { FrameLabel, LabelSpan, Segment } from './timeline.js';

/**
 * Joins neighboring frames of one label into segments without gaps. A segment starts at its first frame's time and
 * ends where the next one starts; times need not be regular.
 *
 * @param frames - Labeled frames, times ascending.
 * @param endSec - Where the last segment ends, see {@link endOfVideo}.
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
 * Says when a video ends: at the duration it claims, if that is a plausible end of its last frame, else one frame
 * after the last frame began. Containers claim too little where they were cut, and too much where sound runs on.
 *
 * @param lastFrameSec - Time of the last frame.
 * @param frameRate - Frames a second, above 0.
 * @param durationSec - Claimed length; 0 where unknown, as for live input.
 */
export function endOfVideo(lastFrameSec: number, frameRate: number, durationSec: number): number {
  const longestFrameSec = Math.max(1, 2 / frameRate);
  const isPlausible = durationSec > lastFrameSec && durationSec <= lastFrameSec + longestFrameSec;
  return isPlausible ? durationSec : lastFrameSec + 1 / frameRate;
}

/**
 * Looks up which span each time falls in. A time within a millisecond of a boundary counts as at the boundary.
 *
 * @param spans - Spans of one video, by start, none overlapping.
 * @param timesSec - Times, ascending.
 * @returns A label for each time; undefined between spans, where nothing is labeled.
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
