import { z } from 'zod';
import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotatedSegment } from '../annotated-segment.js';
import {
  type AnnotationFormat,
  frameRateOf,
  reportSkip,
  type LabelFile,
  type ReadContext,
} from '../annotation-format.js';
import { countFrames } from '../text/frame-runs.js';
import { publicSource } from '../../addresses.js';
import { decodeUrlPath, isVideoFileName } from '../../video/media-names.js';
import { mentionsKeys, parseJsonFile } from '../text/parse-json.js';

const resultSchema = z.looseObject({
  type: z.string().optional(),
  value: z.unknown(),
  score: z.number().nullish(),
});
const timelineSchema = z.object({
  ranges: z.array(z.object({ start: z.number(), end: z.number() })),
  timelinelabels: z.array(z.string()).min(1),
});
const taskSchema = z.looseObject({
  id: z.union([z.number(), z.string()]).optional(),
  file_upload: z.string().nullish(),
  data: z.record(z.string(), z.unknown()),
  annotations: z
    .array(z.looseObject({ was_cancelled: z.boolean().nullish(), result: z.array(resultSchema) }))
    .default([]),
  predictions: z.array(z.union([z.looseObject({ result: z.array(resultSchema) }), z.number()])).default([]),
});

/**
 * Tasks of Label Studio as it exports and imports them. The reader takes the timeline labels of each task's first
 * annotation that was not canceled or, if nobody has annotated it, of its first prediction. Ranges are frame numbers from
 * 1, both ends included, counted at the rate of the project's Video tag; if that is not the video's own rate, give it as
 * `frameRate`.
 *
 * A model's labels are written as a prediction with scores, a person's as an annotation. The labeling configuration of
 * the project must use the same tag names: `<TimelineLabels name="timelineLabels" toName="video">` and `<Video
 * name="video" value="$video" frameRate="…">` with the video's own rate.
 *
 * @see https://labelstud.io/tags/timelinelabels and https://labelstud.io/guide/predictions
 */
export const labelStudioFormat: AnnotationFormat = {
  name: 'label-studio',
  title: 'Label Studio JSON',
  extension: '.label-studio.json',
  extensions: ['.json'],
  holds: ['segments', 'confidence', 'overlaps', 'gaps', 'folder', 'extension'],
  recognizes: (file) => mentionsKeys(file, 'result', 'data', 'timelinelabels'),
  read: readTasks,
  write: writeTask,
};

function writeTask(timeline: Timeline): string {
  const { video, model, segments } = timeline;
  const count = countFrames(timeline, labelStudioFormat.title);
  const isPrediction = model !== '';
  const result = segments.flatMap((segment, position) => {
    const { startFrame, endFrame } = count.within(segment);
    if (endFrame === startFrame) return [];
    return {
      id: `segment-${position + 1}`,
      from_name: 'timelineLabels',
      to_name: 'video',
      type: 'timelinelabels',
      origin: isPrediction ? 'prediction' : 'manual',
      value: { ranges: [{ start: startFrame + 1, end: endFrame }], timelinelabels: [segment.label] },
      score: isPrediction ? segment.confidence : undefined,
    };
  });
  const labeled = isPrediction
    ? { predictions: [{ model_version: model, result }], annotations: [] }
    : { annotations: [{ was_cancelled: false, result }], predictions: [] };
  return `${JSON.stringify([{ data: { video: publicSource(video.source) }, ...labeled }])}\n`;
}

async function readTasks(file: LabelFile, context: ReadContext): Promise<AnnotatedSegment[]> {
  const schema = z.union([z.array(taskSchema), taskSchema.transform((task) => [task])]);
  const tasks = parseJsonFile(file, schema, 'a JSON export of Label Studio');
  const segments: AnnotatedSegment[] = [];
  for (const [position, task] of tasks.entries()) {
    const name = `task ${task.id ?? position + 1}`;
    const skip = (why: string) => reportSkip({ what: `${name} of "${file.path}"`, why }, context);
    const { video, problem } = videoOf(task);
    const [annotation, ...others] = task.annotations.filter(({ was_cancelled }) => !was_cancelled);
    const prediction = task.predictions.find((each) => typeof each === 'object'); // an export may give only its number
    const source = task.annotations.length > 0 ? annotation : prediction;
    const timelines = source?.result.filter(({ type }) => type === 'timelinelabels') ?? [];
    if (video === undefined || timelines.length === 0) {
      skip(problem ?? 'it has no timeline labels');
      continue;
    }
    if (others.length > 0) skip(`it has ${others.length} more annotations; only the first was used`);
    const frameRate = await frameRateOf(file, { video, entry: name }, context);
    for (const [index, { value, score }] of timelines.entries()) {
      const entry = `${name}, result ${index + 1}`;
      const { ranges, timelinelabels } = parseTimeline(file, value, entry);
      for (const { start, end } of ranges) {
        const startSec = Math.max(0, start - 1) / frameRate;
        const span = { video, startSec, endSec: end / frameRate, confidence: score ?? undefined, entry };
        for (const label of timelinelabels) segments.push({ ...span, label });
      }
    }
  }
  return segments;
}

function parseTimeline({ path }: LabelFile, value: unknown, entry: string): z.infer<typeof timelineSchema> {
  return parseJsonFile(
    { path, text: JSON.stringify(value ?? null) },
    timelineSchema,
    `Label Studio's in ${entry}`,
  );
}

/**
 * Finds the name of a task's video. Any key of its data may name it, so a value counts if it has the extension of a video;
 * without such a value, the one under a usual key, and then the only address.
 */
function videoOf({
  data,
  file_upload: upload,
}: z.infer<typeof taskSchema>):
  { video: string; problem?: undefined } | { video?: undefined; problem: string } {
  const texts = Object.values(data).filter((value) => typeof value === 'string');
  const usual = [data['video'], data['video_url']].filter((value) => typeof value === 'string');
  const videos = [...new Set(texts.map(nameOf).filter(isVideoFileName))];
  const named = usual.map(nameOf).find(isVideoFileName);
  if (named === undefined && videos.length > 1) {
    return { problem: `it names ${videos.length} videos (${videos.join(', ')})` };
  }
  const addresses = texts.filter((text) => /^[a-z\d]+:\/\/|^\//i.test(text));
  const address = usual[0] ?? addresses[0];
  if (named === undefined && videos.length === 0 && usual.length === 0 && addresses.length > 1) {
    return { problem: `it names ${addresses.length} addresses, none with the extension of a video` };
  }
  const video = named ?? videos[0] ?? (address === undefined ? upload : nameOf(address));
  return video ? { video } : { problem: 'it names no video' };
}

/**
 * Returns the name in an address: `/data/local-files/?d=day1/a.mp4` becomes `day1/a.mp4`. An upload has its original name,
 * without the eight random digits that Label Studio puts before it.
 */
function nameOf(address: string): string {
  const [, local] = /\/data\/local-files\/\?d=(.+)$/.exec(address) ?? [];
  if (local !== undefined) return decodeUrlPath(local);
  if (!/\/data\/upload\//.test(address))
    return address.replace(/^[a-z\d]+:\/\/.*\//i, '').replace(/\?.*$/, '');
  return decodeUrlPath(address.replace(/^.*\//, '').replace(/^[\da-f]{8}-/i, ''));
}
