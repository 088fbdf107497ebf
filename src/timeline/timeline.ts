import type { VideoInfo } from '../video-info.js';

/** The label of one frame. */
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

/** A frame with the probability of every label, as the labeler gives it. */
export interface ScoredFrame extends FrameLabel {
  probabilities: Float32Array;
}

/** A time span with one label, `[startSec, endSec)`. */
export interface LabelSpan {
  label: string;
  startSec: number;
  endSec: number;
}

/** A time span that a model labeled, `[startSec, endSec)`. */
export interface Segment extends LabelSpan {
  /** Mean probability of the label over the segment's frames, 0 to 1. */
  confidence: number;
}

/** The labels of one video: of its frames and of its segments. */
export interface Timeline {
  video: VideoInfo;
  /** Name of the model; empty if a person labeled the video. */
  model: string;
  /** Every label that can occur, in the order of the probabilities. */
  labels: string[];
  /** Frames per second at which the model looked; 0 if none did. */
  frameRate: number;
  frames: FrameLabel[];
  segments: Segment[];
}
