import { stringify } from 'csv-stringify/sync';
import { AnnotationError } from '../../errors.js';
import { segmentFrames } from '../../timeline/segments.js';
import type { FrameLabel, Timeline } from '../../timeline/timeline.js';
import type { AnnotationFormat, LabelFile, WriteOptions } from '../annotation-format.js';
import { countFrames, labeledFrames } from '../text/frame-runs.js';
import { annotatedSegmentsOf, unknownVideo } from '../annotated-segment.js';
import { videoName } from '../../video/media-names.js';
import { parseTable, parseTime, seemsToHaveColumns, type TableRow } from '../text/parse-table.js';

const COLUMNS = ['video', 'frame', 'time', 'label'] as const;

/**
 * One frame per row: `video,frame,time,label,confidence`, with frames counted from 0 and seconds to the millisecond. A
 * frame without a row is unlabeled. If no model labeled the frames, each frame that a segment covers gets a row.
 */
export const csvFramesFormat: AnnotationFormat = {
  name: 'csv-frames',
  title: 'CSV of frames',
  extension: '.frames.csv',
  extensions: ['.csv'],
  holds: ['confidence', 'frames', 'gaps', 'extension'],
  recognizes: (file) => seemsToHaveColumns(file, COLUMNS),
  read: (file) => readTimelines(file).flatMap(annotatedSegmentsOf),
  readTimelines,
  write: writeFrames,
};

function writeFrames(timeline: Timeline, { escapeFormulas }: WriteOptions = {}): string {
  const name = videoName(timeline.video.source);
  const frames = timeline.frames.length > 0 ? timeline.frames : framesOfVideo(timeline);
  const table = [
    ['video', 'frame', 'time', 'label', 'confidence'],
    ...frames.map(({ index, timeSec, label, confidence }) => [
      name,
      index,
      timeSec.toFixed(3),
      label,
      confidence.toFixed(4),
    ]),
  ];
  return stringify(table, { escape_formulas: escapeFormulas });
}

/** Lists every frame of the video that a segment covers. */
function framesOfVideo(timeline: Timeline): FrameLabel[] {
  const count = countFrames(timeline, csvFramesFormat.title);
  return Array.from(labeledFrames(timeline, count, csvFramesFormat.title), ({ segment, frame }) => ({
    index: frame,
    timeSec: frame / count.frameRate,
    label: segment.label,
    confidence: segment.confidence,
  }));
}

/** A segment ends where the next frame begins; before a gap, its last frame has the average length of a frame. */
function readTimelines(file: LabelFile): Timeline[] {
  const frames = new Map<string, FrameLabel[]>(); // by video
  for (const row of parseTable(file)?.rows ?? []) {
    const { video, ...frame } = readRow(file, row);
    const own = frames.get(video) ?? [];
    frames.set(video, own);
    const last = own.at(-1);
    if (last && (frame.index <= last.index || frame.timeSec <= last.timeSec)) {
      throw refusal(
        file,
        row,
        `frame ${frame.index} at ${frame.timeSec} s does not come after the previous frame`,
      );
    }
    own.push(frame);
  }
  return [...frames].map(([video, own]) => {
    const [first, last] = [own[0] as FrameLabel, own.at(-1) as FrameLabel];
    if (first === last) {
      throw new AnnotationError(
        `"${file.path}" has one frame of ${JSON.stringify(video)}: expected at least two, because their distance is the length of a frame.`,
        file.path,
      );
    }
    const frameSec = (last.timeSec - first.timeSec) / (last.index - first.index);
    return {
      video: unknownVideo(video),
      model: '',
      labels: [...new Set(own.map(({ label }) => label))],
      frameRate: 1 / frameSec,
      frames: own,
      segments: blocksOf(own).flatMap((block) =>
        segmentFrames(block, (block.at(-1) as FrameLabel).timeSec + frameSec),
      ),
    };
  });
}

/** Splits frames into blocks without a gap. */
function blocksOf(frames: readonly FrameLabel[]): FrameLabel[][] {
  const blocks: FrameLabel[][] = [];
  for (const frame of frames) {
    const block = blocks.at(-1);
    if (block && (block.at(-1) as FrameLabel).index + 1 === frame.index) block.push(frame);
    else blocks.push([frame]);
  }
  return blocks;
}

function readRow(file: LabelFile, row: TableRow): FrameLabel & { video: string } {
  const [video = '', frame = '', time = '', label = ''] = COLUMNS.map(row.field);
  if (video === '') throw refusal(file, row, 'the video is not named');
  if (label === '') throw refusal(file, row, 'the label is empty. Name it, or remove the row');
  if (!/^\d+$/.test(frame)) throw refusal(file, row, `expected a frame number, received "${frame}"`);
  const timeSec = parseTime(time);
  if (timeSec === undefined)
    throw refusal(file, row, `the time ${JSON.stringify(time)} is not a time, expected seconds`);
  return { video, index: Number(frame), timeSec, label, confidence: row.confidence() ?? 1 };
}

function refusal({ path }: LabelFile, { line }: TableRow, problem: string): AnnotationError {
  return new AnnotationError(`"${path}" line ${line}: ${problem}.`, path, line);
}
