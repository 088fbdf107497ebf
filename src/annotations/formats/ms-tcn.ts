import path from 'node:path';
import { AnnotationError } from '../../errors.js';
import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotatedSegment } from '../annotated-segment.js';
import {
  type AnnotationFormat,
  type WriteOptions,
  frameRateOf,
  oneLine,
  type LabelFile,
  type ReadContext,
} from '../annotation-format.js';
import { countFrames, expectFewFrames, labeledFrames, runsOf } from '../text/frame-runs.js';

/** Name of the folder by which the layout of a whole dataset is recognized. */
export const GROUND_TRUTH = 'groundTruth';

/**
 * One label per line and frame, at the video's own rate, as in the `groundTruth` of MS-TCN. The file is named after its
 * video. Any text file looks like this, so files are recognized only in a folder of that name.
 *
 * @see Abu Farha and Gall 2019, arXiv:1903.01945, and the data that its authors publish.
 */
export const msTcnFormat: AnnotationFormat = {
  name: 'ms-tcn',
  title: 'MS-TCN frame labels',
  extension: '.txt',
  extensions: ['.txt'],
  holds: ['segments'],
  recognizes: ({ path: file }) => path.basename(path.dirname(path.resolve(file))) === GROUND_TRUTH,
  read: readFrameLabels,
  write: writeFrameLabels,
};

function writeFrameLabels(timeline: Timeline, { background, isWhole }: WriteOptions = {}): string {
  const { video, segments } = timeline;
  const count = countFrames(timeline, msTcnFormat.title);
  const labels: (string | undefined)[] = [];
  for (const { segment, frame } of labeledFrames(timeline, count, msTcnFormat.title)) {
    labels[frame] = oneLine(segment.label);
  }
  const last = segments.at(-1);
  const reachesEnd = last && last.endSec + 1 / count.frameRate >= video.durationSec;
  // If the audio is longer than the video stream, the container states the length of the audio.
  const numFrames = (isWhole && !reachesEnd ? 0 : count.numFrames) || labels.length;
  expectFewFrames(numFrames, timeline, msTcnFormat.title);
  const other = background?.trim() ? oneLine(background) : undefined;
  // The stated number of frames may exceed the length by a few; a segment that reaches the end covers them too.
  const after = reachesEnd ? oneLine(last.label) : other;
  const lines = Array.from(
    { length: numFrames },
    (_, frame) => labels[frame] ?? (frame < labels.length ? other : after),
  );
  const unlabeled = lines.indexOf(undefined);
  if (unlabeled >= 0) {
    throw new AnnotationError(
      `${msTcnFormat.title} need a label for every frame, but frame ${unlabeled} of ${JSON.stringify(video.source)} ` +
        'has none. Give a label for such frames (background, --background).',
      video.source,
    );
  }
  return lines.map((label) => `${label}\n`).join('');
}

/**
 * Reads the labels of frames as segments of the video that the file is named after.
 *
 * @throws {AnnotationError} If a frame has no label, or the frame rate is unknown.
 */
export async function readFrameLabels(
  file: LabelFile,
  context: ReadContext,
): Promise<(AnnotatedSegment & { endFrame: number })[]> {
  const video = path.parse(file.path).name;
  const labels = linesOf(file);
  const empty = labels.indexOf('');
  if (empty >= 0) {
    throw new AnnotationError(
      `"${file.path}" line ${empty + 1} is empty: expected a label for each frame.`,
      file.path,
      empty + 1,
    );
  }
  const frameRate = await frameRateOf(file, { video, line: 1 }, context);
  return runsOf(labels).map(({ label, startFrame, endFrame }) => ({
    video,
    label,
    startSec: startFrame / frameRate,
    endSec: endFrame / frameRate,
    line: startFrame + 1,
    endFrame,
  }));
}

/** Splits a file into lines without surrounding spaces. Empty lines at the end are dropped. */
export function linesOf({ text }: LabelFile): string[] {
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim());
  while (lines.at(-1) === '') lines.pop();
  return lines;
}
