import type { Segment, Timeline } from '../timeline/timeline.js';
import type { VideoInfo } from '../video-info.js';
import type { AnnotatedSegment } from './annotated-segments.js';

/** A video of which no more is known than its name; numbers are 0, as everywhere where a source does not say. */
export function unknownVideo(source: string): VideoInfo {
  return {
    source,
    width: 0,
    height: 0,
    rotationDegrees: 0,
    frameRate: 0,
    durationSec: 0,
    startSec: 0,
    codec: '',
  };
}

/**
 * The timeline that labeled segments make. No model looked, so it has no frames; what a person labeled has
 * confidence 1.
 */
export function timelineOf(video: VideoInfo, annotated: readonly AnnotatedSegment[]): Timeline {
  const segments = annotated.map(({ label, startSec, endSec, confidence = 1 }): Segment => ({
    label,
    startSec,
    endSec,
    confidence,
  }));
  const labels = [...new Set(segments.map(({ label }) => label))];
  return { video, model: '', labels, frameRate: 0, frames: [], segments };
}

/** The segments of a timeline as a label file's reader gives them. */
export function annotatedSegmentsOf({ video, segments }: Timeline): AnnotatedSegment[] {
  return segments.map((segment, position) => ({
    video: video.source,
    ...segment,
    entry: `segment ${position + 1}`,
  }));
}
