import type { VideoInfo } from '../video-info.js';

/** The activity shown by one frame. */
export interface FrameLabel {
  /** Zero-based position among the labeled frames. */
  index: number;
  /** Seconds since the stream's start. */
  timeSec: number;
  label: string;
  /** Probability of the label, 0 to 1. */
  confidence: number;
  /** Probability of every label, in the order of `Timeline.labels`. */
  probabilities?: Float32Array;
}

/** A frame that carries the probability of every label, as the labeler gives it. */
export interface ScoredFrame extends FrameLabel {
  probabilities: Float32Array;
}

/** A stretch of time with one label, `[startSec, endSec)`: a truth where a person set it. */
export interface LabelSpan {
  label: string;
  startSec: number;
  endSec: number;
}

/** A stretch of one activity that the model saw, `[startSec, endSec)`. */
export interface Segment extends LabelSpan {
  /** Mean probability of the label over the segment's frames, 0 to 1. */
  confidence: number;
}

/** What a video shows, frame by frame and segment by segment. */
export interface Timeline {
  video: VideoInfo;
  /** Name of the model that labeled. */
  model: string;
  labels: string[];
  /** Frames a second at which the model looked. */
  frameRate: number;
  frames: FrameLabel[];
  segments: Segment[];
}
