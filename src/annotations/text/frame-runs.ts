import { AnnotationError } from '../../errors.js';
import type { FrameLabel, LabelSpan, Segment, Timeline } from '../../timeline/timeline.js';

/** Consecutive frames of one label, `[startFrame, endFrame)`. */
export interface FrameRun {
  label: string;
  startFrame: number;
  endFrame: number;
}

/** A frame that begins up to this long before a time counts as beginning at it. Label files round to the millisecond. */
const TOLERANCE_SEC = 0.001;

/** About a week at 25 frames per second. A limit is needed because a damaged video may claim any number of frames. */
const MAX_FRAMES = 2 ** 24;

/**
 * Joins consecutive frames of one label.
 *
 * @param labels - Label of each frame, `[numFrames]`; undefined if it is unlabeled.
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

/** How formats that store frame numbers instead of seconds count the frames of a video. */
export interface FrameCount {
  /** Average frames per second. */
  frameRate: number;
  /** Number of frames that the container states, else computed from the length; 0 if both are unknown. */
  numFrames: number;
  /** The frames that begin within a time span; an empty run if the span lies between two frames. */
  within: (span: LabelSpan) => Omit<FrameRun, 'label'>;
}

/**
 * Counts a video's frames as other tools do: in order, at the video's own rate, not at the model's. If every frame was
 * labeled, each begins at its own time, so the count is also right for a video with a variable frame rate; otherwise frame
 * `i` begins at `i / frameRate`.
 *
 * @param title - Title of the format, for the message.
 * @throws {AnnotationError} If the frame rate is unknown.
 */
export function countFrames({ video, frames }: Timeline, title: string): FrameCount {
  const { frameRate, source } = video;
  if (!(frameRate > 0)) {
    throw new AnnotationError(
      `${title} count frames, but the frame rate of ${JSON.stringify(source)} is unknown. ` +
        'Put the video beside its label file, or give the rate (--frame-rate).',
      source,
    );
  }
  const numFrames = video.numFrames ?? Math.round(video.durationSec * frameRate);
  const isEach = frames.length > 0 && frames.length === numFrames;
  const frameFrom = (timeSec: number): number =>
    isEach ? firstFrom(frames, timeSec) : Math.max(0, Math.ceil(timeSec * frameRate));
  return {
    frameRate,
    numFrames,
    within: ({ startSec, endSec }) => ({
      startFrame: frameFrom(startSec - TOLERANCE_SEC),
      endFrame: frameFrom(endSec - TOLERANCE_SEC),
    }),
  };
}

/**
 * Lists every frame that a segment covers, segment by segment.
 *
 * @throws {AnnotationError} If there are more frames than {@link expectFewFrames} allows.
 */
export function* labeledFrames(
  timeline: Timeline,
  { within }: FrameCount,
  title: string,
): Generator<{ segment: Segment; frame: number }> {
  for (const segment of timeline.segments) {
    const { startFrame, endFrame } = within(segment);
    expectFewFrames(endFrame, timeline, title);
    for (let frame = startFrame; frame < endFrame; frame++) yield { segment, frame };
  }
}

/**
 * Checks that a label file can list the frames of a video one by one.
 *
 * @throws {AnnotationError} If there are too many.
 */
export function expectFewFrames(numFrames: number, { video }: Timeline, title: string): void {
  if (numFrames <= MAX_FRAMES) return;
  const { source, frameRate } = video;
  throw new AnnotationError(
    `${title} list every frame, but ${JSON.stringify(source)} has ${numFrames} frames at ${frameRate} per second: ` +
      `expected at most ${MAX_FRAMES}. Choose a format that stores seconds, or give the rate (--frame-rate).`,
    source,
  );
}

/** Position of the first frame that begins at or after a time, by bisection. */
function firstFrom(frames: readonly FrameLabel[], timeSec: number): number {
  let [low, high] = [0, frames.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((frames[middle] as FrameLabel).timeSec < timeSec) low = middle + 1;
    else high = middle;
  }
  return low;
}
