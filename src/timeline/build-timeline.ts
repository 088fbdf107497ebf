import type { VideoInfo } from '../video-info.js';
import { labelFrames, labelSourceFrames } from './frame-labels.js';
import { endOfVideo, segmentFrames } from './segments.js';
import { smoothLabels, type SmoothingOptions } from './smoothing.js';
import type { Timeline } from './timeline.js';
import { markUnknownFrames, markUnknownSegments, withUnknown } from './unknown.js';

/** What a labeled video consists of. */
interface TimelineParts {
  video: VideoInfo;
  /** Name of the model that labeled. */
  model: string;
  labels: readonly string[];
  /** Frames a second at which the model looked. */
  frameRate: number;
  /** Where labeling was told to stop, seconds. Default: nowhere before the video's end. */
  untilSec?: number;
  /** Time of each frame at which the model looked, ascending, `[numFrames]`. */
  timesSec: readonly number[];
  /** float32 `[numFrames, labels]`; the timeline's frames share its memory. */
  probabilities: Float32Array;
  /** Calms the segments; frames keep the model's own labels. Off by default. */
  smoothing?: SmoothingOptions;
  /** Confidence below which a frame, or a segment by its mean, is called "unknown", 0 to 1. Off by default. */
  unknownBelow?: number;
  /** Time of every source frame, ascending: the timeline then has one frame for each of them. */
  sourceTimesSec?: readonly number[];
}

/**
 * Turns the probabilities of a video's frames into labeled frames and segments. Frames keep the labels that
 * streaming the same video would have given; segments come from the smoothed ones.
 *
 * @throws {ShapeError} If the probabilities do not fit the frames and labels.
 * @throws {UsageError} If a smoothing option or the threshold of the unknown is impossible.
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
