import { AnnotationError } from '../../errors.js';
import type { FrameLabel, LabelSpan, Segment, Timeline } from '../../timeline/timeline.js';

/** Consecutive frames of one label, `[startFrame, endFrame)`. */
export interface FrameRun {
  label: string;
  startFrame: number;
  endFrame: number;
}

/** A frame that begins so shortly after a time counts as beginning then: label files round to the millisecond. */
const TOLERANCE_SEC = 0.001;

/** A week at 25 frames a second. A damaged video may claim any number of them. */
const MAX_FRAMES = 2 ** 24;

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

/** How a format that counts frames counts those of a video. */
export interface FrameCount {
  /** Frames a second, on average. */
  frameRate: number;
  /** How many frames the video has by its own account, else by its length; 0 if it says neither. */
  numFrames: number;
  /** The frames that begin within a stretch of time; none where it lies between two frames. */
  within: (span: LabelSpan) => Omit<FrameRun, 'label'>;
}

/**
 * Counts a video's frames as other tools do: in their order, at the video's own rate, whatever the model looked at. Where
 * every frame was labeled each begins at its own time, so that the count is right of a video whose rate varies; else frame
 * `i` begins at `i / frameRate`.
 *
 * @param title - The format, for the message.
 * @throws {AnnotationError} If the rate is not known.
 */
export function countFrames({ video, frames }: Timeline, title: string): FrameCount {
  const { frameRate, source } = video;
  if (!(frameRate > 0)) {
    throw new AnnotationError(
      `To write ${title}, frames are counted, and how many a second ${JSON.stringify(source)} has is not known. ` +
        'Put the video beside its label file, or say the rate (--frame-rate).',
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
 * Every frame that a segment covers, segment by segment.
 *
 * @throws {AnnotationError} If there are more than {@link expectFewFrames} allows.
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

/** @throws {AnnotationError} If a video says that it has more frames than a label file can tell one by one. */
export function expectFewFrames(numFrames: number, { video }: Timeline, title: string): void {
  if (numFrames <= MAX_FRAMES) return;
  const { source, frameRate } = video;
  throw new AnnotationError(
    `${title} tell of each frame, and ${JSON.stringify(source)} says that it has ${numFrames}, ${frameRate} a second: ` +
      `expected at most ${MAX_FRAMES}. Choose a format that tells of seconds, or say the rate (--frame-rate).`,
    source,
  );
}

/** Position of the first frame that does not begin before a time. */
function firstFrom(frames: readonly FrameLabel[], timeSec: number): number {
  let [low, high] = [0, frames.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((frames[middle] as FrameLabel).timeSec < timeSec) low = middle + 1;
    else high = middle;
  }
  return low;
}
