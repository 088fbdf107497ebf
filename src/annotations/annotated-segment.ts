import type { LabelSpan, Segment, Timeline } from '../timeline/timeline.js';
import type { VideoInfo } from '../video-info.js';

/** A labeled time span of a video, as a label file states it. */
export interface AnnotatedSegment extends LabelSpan {
  /** The video as the label file names it. */
  video: string;
  /** A model's confidence, 0 to 1; undefined if a person labeled the segment. */
  confidence?: number;
  /** One-based line of the label file; the last one if a quoted field spans several lines. */
  line?: number;
  /** Position in files where a line number says little, such as JSON: for example `task 3, result 1`. */
  entry?: string;
  /** Group of the video (a person, a camera, a recording), if the file states it. */
  group?: string;
  /** Part of the dataset (training, validation, testing) that the file assigns the video to. */
  subset?: string;
}

/** A video as a label file names it, and the place in the file that names it. */
export type VideoReference = Pick<AnnotatedSegment, 'video' | 'line' | 'entry'>;

/** Formats the place of a segment in its file: `line 3`, or the entry. */
export function placeOf({ line, entry }: Pick<AnnotatedSegment, 'line' | 'entry'>): string {
  return entry ?? `line ${line}`;
}

/** Groups segments by the name of their video, in the order in which the videos first appear. */
export function groupByVideo(segments: readonly AnnotatedSegment[]): Map<string, AnnotatedSegment[]> {
  const videos = new Map<string, AnnotatedSegment[]>();
  for (const segment of segments) {
    const own = videos.get(segment.video);
    if (own) own.push(segment);
    else videos.set(segment.video, [segment]);
  }
  return videos;
}

/** A video of which only the name is known; numbers are 0, which means unknown. */
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
 * Builds a timeline from annotated segments. It has no frames, because no model looked at the video. A segment that a
 * person labeled has confidence 1.
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

/** Converts the segments of a timeline into the form that the readers of label files return. */
export function annotatedSegmentsOf({ video, segments }: Timeline): AnnotatedSegment[] {
  return segments.map((segment, position) => ({
    video: video.source,
    ...segment,
    entry: `segment ${position + 1}`,
  }));
}
