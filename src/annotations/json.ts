import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AnnotationError } from '../errors.js';
import type { Timeline } from '../timeline/timeline.js';
import type { AnnotatedSegment } from './annotated-segments.js';
import type { AnnotationFormat, WriteOptions } from './annotation-format.js';
import type { AnnotationReader, LabelFile } from './annotation-reader.js';
import { publicSource } from './media-names.js';
import { mentionsKeys, parseJsonFile } from './parse-json.js';

const seconds = z.number().describe('Seconds since the start of the video stream.');
const probability = z.number().min(0).max(1);

/**
 * The JSON form of a timeline. Version 1 may gain fields; a reader ignores those that it does not know. Any other
 * change makes version 2. Times and probabilities have six decimals.
 */
const timelineSchema = z
  .object({
    format: z.literal('framewise-timeline'),
    formatVersion: z.literal(1),
    video: z.object({
      source: z.string().describe('Path or URL as it was given, a URL without user, password and query.'),
      width: z.int().positive().describe('Pixels as shown, after rotation.'),
      height: z.int().positive().describe('Pixels as shown, after rotation.'),
      rotationDegrees: z.number().describe('Clockwise rotation that was applied: 0, 90, 180 or 270.'),
      frameRate: z.number().nonnegative().describe('Average frames a second; 0 if unknown.'),
      durationSec: z.number().nonnegative().describe('Length in seconds; 0 if unknown.'),
      startSec: z.number().describe("Start of the video stream on the container's clock, in seconds."),
      codec: z.string(),
      numFrames: z.int().nonnegative().optional(),
    }),
    model: z.string().describe('Name of the model that labelled.'),
    frameRate: z.number().positive().describe('Frames a second at which the model looked.'),
    labels: z.array(z.string()).describe('Every label the model knows.'),
    segments: z
      .array(
        z.object({
          label: z.string(),
          startSec: seconds,
          endSec: seconds.describe('Exclusive end.'),
          confidence: probability.describe("Mean probability of the label over the segment's frames."),
        }),
      )
      .describe('Stretches of one activity, in order, without gaps; smoothed where that was asked for.'),
    frames: z
      .array(
        z.object({
          index: z.int().nonnegative().describe('Position among the labelled frames.'),
          timeSec: seconds,
          label: z.string().describe("The model's own choice, never smoothed."),
          confidence: probability.describe('Probability of the label.'),
          probabilities: z
            .array(probability)
            .optional()
            .describe('Probability of every label, in the order of `labels`.'),
        }),
      )
      .describe('Every labelled frame, in order.'),
  })
  .describe('The activity that each frame of a video shows, as framewise writes it.')
  .superRefine(({ labels, segments, frames }, context) => {
    const known = new Set(labels);
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    segments.forEach(({ label, startSec, endSec }, i) => {
      if (!known.has(label)) complain(['segments', i, 'label'], `"${label}" is not among the labels`);
      if (endSec <= startSec) complain(['segments', i, 'endSec'], `${endSec} is not after ${startSec}`);
    });
    frames.forEach(({ label, probabilities }, i) => {
      if (!known.has(label)) complain(['frames', i, 'label'], `"${label}" is not among the labels`);
      if (probabilities && probabilities.length !== labels.length) {
        complain(
          ['frames', i, 'probabilities'],
          `expected ${labels.length}, received ${probabilities.length}`,
        );
      }
    });
  });

/** The JSON Schema (draft 2020-12) of what the `json` format writes, with every field described. */
export function timelineJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(timelineSchema);
}

/** Everything that is known of a video's labels, for programs. One segment and one frame a line. */
export const jsonFormat: AnnotationFormat = { name: 'json', extension: '.json', write: writeTimelineJson };

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
    startSec: round(startSec),
    endSec: round(endSec),
    confidence: round(confidence),
  }));
  const frameRows = frames.map(({ index, timeSec, label, confidence, probabilities }) => ({
    index,
    timeSec: round(timeSec),
    label,
    confidence: round(confidence),
    ...(includeProbabilities && probabilities && { probabilities: Array.from(probabilities, round) }),
  }));
  const lines = Object.entries(fields).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  lines.push(`  "segments": ${oneLineEach(segmentRows)}`, `  "frames": ${oneLineEach(frameRows)}`);
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
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new AnnotationError(`Cannot read "${file}": ${(cause as Error).message}.`, file, undefined, {
      cause,
    });
  }
  const { video, model, labels, frameRate, segments, frames } = parseTimeline({ path: file, text });
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

/** A timeline that the `json` format wrote, its segments taken for the truth: one may have been corrected by hand. */
export const timelineJsonReader: AnnotationReader = {
  name: 'framewise JSON',
  extensions: ['.json'],
  recognizes: (file) => mentionsKeys(file, 'framewise-timeline', 'segments'),
  read: (file): AnnotatedSegment[] => {
    const { video, segments } = parseTimeline(file);
    return segments.map(({ label, startSec, endSec }, position) => ({
      video: video.source,
      label,
      startSec,
      endSec,
      entry: `segment ${position + 1}`,
    }));
  },
};

function parseTimeline(file: LabelFile): z.infer<typeof timelineSchema> {
  return parseJsonFile(file, timelineSchema, 'a framewise timeline of version 1');
}

function oneLineEach(rows: readonly object[]): string {
  return rows.length === 0 ? '[]' : `[\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')}\n  ]`;
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
