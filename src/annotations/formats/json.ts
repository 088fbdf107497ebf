import { MAX_TEXT_BYTES, readRegularFile } from '../../runtime/input-file.js';
import { z } from 'zod';
import { AnnotationError } from '../../errors.js';
import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotationFormat, WriteOptions, LabelFile } from '../annotation-format.js';
import { annotatedSegmentsOf } from '../annotated-segment.js';
import { publicSource } from '../../addresses.js';
import { mentionsKeys, parseJsonFile, roundToMillionths } from '../text/parse-json.js';
import { timelineSchema } from '../text/timeline-schema.js';

/** Returns the JSON Schema (draft 2020-12) of the `json` format, with a description of every field. */
export function timelineJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(timelineSchema);
}

/**
 * Everything that is known about a video's labels, for programs. One segment or frame per line. When it is read as a label
 * file, its segments count, not its frames, because segments may have been corrected by hand.
 */
export const jsonFormat: AnnotationFormat = {
  name: 'json',
  title: 'framewise JSON',
  extension: '.json',
  extensions: ['.json'],
  holds: ['segments', 'confidence', 'frames', 'probabilities', 'gaps', 'times', 'folder', 'extension'],
  recognizes: (file) => mentionsKeys(file, 'framewise-timeline', 'segments'),
  read: (file) => annotatedSegmentsOf(parseTimeline(file)),
  readTimelines: (file) => [parseTimeline(file)],
  write: writeTimelineJson,
};

function writeTimelineJson(timeline: Timeline, { includeProbabilities = false }: WriteOptions = {}): string {
  const { video, model, frameRate, labels, segments, frames } = timeline;
  const fields = {
    format: 'framewise-timeline',
    formatVersion: 1,
    video: { ...video, source: publicSource(video.source) },
    model,
    frameRate,
    labels,
  };
  const segmentRows = segments.map(({ label, startSec, endSec, confidence }) => ({
    label,
    startSec: roundToMillionths(startSec),
    endSec: roundToMillionths(endSec),
    confidence: roundToMillionths(confidence),
  }));
  const frameRows = frames.map(({ index, timeSec, label, confidence, probabilities }) => ({
    index,
    timeSec: roundToMillionths(timeSec),
    label,
    confidence: roundToMillionths(confidence),
    probabilities:
      includeProbabilities && probabilities ? Array.from(probabilities, roundToMillionths) : undefined,
  }));
  const lines = Object.entries(fields).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  lines.push(`  "segments": ${formatRows(segmentRows)}`, `  "frames": ${formatRows(frameRows)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

/**
 * Reads a file that the `json` format wrote.
 *
 * @throws {AnnotationError} If the file cannot be read, is not JSON, or is not a timeline of this version.
 */
export async function readTimelineJson(file: string): Promise<Timeline> {
  let text: string;
  try {
    text = (await readRegularFile(file, { maxBytes: MAX_TEXT_BYTES })).toString('utf8');
  } catch (cause) {
    throw new AnnotationError(`Cannot read "${file}": ${(cause as Error).message}.`, file, undefined, {
      cause,
    });
  }
  return parseTimeline({ path: file, text });
}

function parseTimeline(file: LabelFile): Timeline {
  const { video, model, labels, frameRate, segments, frames } = parseJsonFile(
    file,
    timelineSchema,
    'a framewise timeline of version 1',
  );
  const { numFrames, ...videoRest } = video;
  return {
    video: numFrames === undefined ? videoRest : { ...videoRest, numFrames },
    model,
    labels,
    frameRate,
    frames: frames.map(({ probabilities, ...frame }) =>
      probabilities ? { ...frame, probabilities: Float32Array.from(probabilities) } : frame,
    ),
    segments,
  };
}

/** Formats an array with one object per line. */
function formatRows(rows: readonly object[]): string {
  return rows.length === 0 ? '[]' : `[\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')}\n  ]`;
}
