import type { VideoInfo } from '../video-info.js';
import { labelFrames, labelSourceFrames } from './frame-labels.js';
import { endOfVideo, segmentFrames } from './segments.js';
import { smoothLabels, type SmoothingOptions } from './smoothing.js';
import type { Timeline } from './timeline.js';
import { markUnknownFrames, markUnknownSegments, withUnknown } from './unknown.js';

/** What a timeline is built from. */
interface TimelineParts {
  video: VideoInfo;
  /** Name of the model. */
  model: string;
  labels: readonly string[];
  /** Frames per second at which the model looked. */
  frameRate: number;
  /** Time at which labeling was told to stop, seconds. Default: the end of the video. */
  untilSec?: number;
  /** Time of each frame at which the model looked, ascending, `[numFrames]`. */
  timesSec: readonly number[];
  /** float32 `[numFrames, labels]`; frames of the timeline share its memory. */
  probabilities: Float32Array;
  /** Smooths the segments; frames keep the model's own labels. Off by default. */
  smoothing?: SmoothingOptions;
  /** Confidence, 0 to 1, below which a frame or segment is labeled "unknown". Off by default. */
  unknownBelow?: number;
  /** Time of every source frame, ascending. If given, the timeline has one frame for each of them. */
  sourceTimesSec?: readonly number[];
}

/**
 * Turns the probabilities of a video's frames into labeled frames and segments. Frames keep the labels that streaming
 * the same video would give; segments are made of smoothed labels.
 *
 * @throws {ShapeError} If the probabilities do not fit the frames and labels.
 * @throws {UsageError} If a smoothing option or `unknownBelow` is out of range.
 */
export function buildTimeline(parts: TimelineParts): Timeline {
  const {
    video,
    model,
    labels,
    frameRate,
    untilSec = Infinity,
    timesSec,
    probabilities,
    smoothing = {},
    unknownBelow,
    sourceTimesSec,
  } = parts;
  const samples = labelFrames(labels, probabilities, timesSec);
  const shownTimesSec = sourceTimesSec ?? timesSec;
  const shownRate = (sourceTimesSec && video.frameRate) || frameRate;
  const endSec = Math.min(endOfVideo(shownTimesSec.at(-1) ?? 0, shownRate, video.durationSec), untilSec);
  const smoothed = smoothLabels(labels, samples, endSec, smoothing);
  const isUnknownAllowed = unknownBelow !== undefined;
  const named = isUnknownAllowed ? markUnknownFrames(samples, labels, unknownBelow) : samples;
  const joined = isUnknownAllowed ? markUnknownSegments(smoothed, unknownBelow) : smoothed;
  const shown = <Frame extends (typeof samples)[number]>(frames: Frame[]): Frame[] =>
    sourceTimesSec ? labelSourceFrames(frames, sourceTimesSec) : frames;
  return {
    video,
    model,
    labels: isUnknownAllowed ? withUnknown(labels) : [...labels],
    frameRate,
    frames: shown(named),
    segments: segmentFrames(shown(joined), endSec),
  };
}
