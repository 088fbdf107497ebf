import path from 'node:path';
import { AnnotationError } from '../../errors.js';
import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotatedSegment } from '../annotated-segment.js';
import {
  type AnnotationFormat,
  type WriteOptions,
  frameRateOf,
  type LabelFile,
  type ReadContext,
} from '../annotation-format.js';
import { countFrames, expectFewFrames, labeledFrames, runsOf } from '../text/frame-runs.js';
import { oneLine } from '../text/field-values.js';

/** Name of the folder that tells the layout of a whole dataset. */
export const GROUND_TRUTH = 'groundTruth';

/**
 * The label of each frame on a line of its own, at the video's own rate, as in the `groundTruth` of MS-TCN. The file is
 * named as its video. Any text looks so; by itself it is only taken for one in a folder of that name.
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
  // Where sound runs on a container claims to be longer than its pictures are.
  const numFrames = (isWhole && !reachesEnd ? 0 : count.numFrames) || labels.length;
  expectFewFrames(numFrames, timeline, msTcnFormat.title);
  const other = background?.trim() ? oneLine(background) : undefined;
  // It may count a few frames more than its length has; what reaches the end reaches the last of them.
  const after = reachesEnd ? oneLine(last.label) : other;
  const lines = Array.from(
    { length: numFrames },
    (_, frame) => labels[frame] ?? (frame < labels.length ? other : after),
  );
  const unlabeled = lines.indexOf(undefined);
  if (unlabeled >= 0) {
    throw new AnnotationError(
      `${msTcnFormat.title} say something of every frame, and frame ${unlabeled} of ${JSON.stringify(video.source)} ` +
        'has no label. Name one for such frames (background, --background on the command line).',
      video.source,
    );
  }
  return lines.map((label) => `${label}\n`).join('');
}

/**
 * Reads the label of each frame as segments of the video that the file is named after.
 *
 * @throws {AnnotationError} If a frame has no label, or the rate is not known.
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

/** Lines without surrounding spaces; the last line may end in a line break or not. */
export function linesOf({ text }: LabelFile): string[] {
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim());
  while (lines.at(-1) === '') lines.pop();
  return lines;
}
