import { z } from 'zod';
import type { AnnotatedSegment } from './annotated-segments.js';
import {
  frameRateOf,
  reportSkip,
  type AnnotationReader,
  type LabelFile,
  type ReadContext,
} from './annotation-reader.js';
import { decodeUrlPath } from './media-names.js';
import { mentionsKeys, parseJsonFile } from './parse-json.js';

const resultSchema = z.looseObject({ type: z.string().optional(), value: z.unknown() });
const timelineSchema = z.object({
  ranges: z.array(z.object({ start: z.number(), end: z.number() })),
  timelinelabels: z.array(z.string()).min(1),
});
const taskSchema = z.looseObject({
  id: z.union([z.number(), z.string()]).optional(),
  file_upload: z.string().nullish(),
  data: z.record(z.string(), z.unknown()),
  annotations: z.array(
    z.looseObject({ was_cancelled: z.boolean().nullish(), result: z.array(resultSchema) }),
  ),
});

/**
 * The JSON export of Label Studio: timeline labels of each task's first annotation that was not cancelled. Ranges are
 * frames, the first one 1, both ends included, counted at the rate of the project's Video tag; where that is not the
 * video's own rate, say it as `frameRate`.
 *
 * @see https://labelstud.io/tags/timelinelabels
 */
export const labelStudioReader: AnnotationReader = {
  name: 'Label Studio JSON',
  extensions: ['.json'],
  recognizes: (file) => mentionsKeys(file, 'result', 'data', 'timelinelabels'),
  read: readTasks,
};

async function readTasks(file: LabelFile, context: ReadContext): Promise<AnnotatedSegment[]> {
  const schema = z.union([z.array(taskSchema), taskSchema.transform((task) => [task])]);
  const tasks = parseJsonFile(file, schema, 'a JSON export of Label Studio');
  const segments: AnnotatedSegment[] = [];
  for (const [position, task] of tasks.entries()) {
    const name = `task ${task.id ?? position + 1}`;
    const skip = (why: string) => reportSkip({ what: `${name} of "${file.path}"`, why }, context);
    const video = videoOf(task);
    const [annotation, ...others] = task.annotations.filter(({ was_cancelled }) => !was_cancelled);
    const timelines = annotation?.result.filter(({ type }) => type === 'timelinelabels') ?? [];
    if (video === undefined || timelines.length === 0) {
      skip(video === undefined ? 'it names no video' : 'it has no timeline labels');
      continue;
    }
    if (others.length > 0) skip(`it has ${others.length} more annotations, of which the first was taken`);
    const frameRate = await frameRateOf(file, { video, entry: name }, context);
    for (const [index, { value }] of timelines.entries()) {
      const entry = `${name}, result ${index + 1}`;
      const { ranges, timelinelabels } = parseTimeline(file, value, entry);
      for (const { start, end } of ranges) {
        const startSec = Math.max(0, start - 1) / frameRate;
        segments.push({
          video,
          label: timelinelabels[0] as string,
          startSec,
          endSec: end / frameRate,
          entry,
        });
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
 * The video's name: of `/data/local-files/?d=day1/a.mp4`, `day1/a.mp4`; of an upload, whose name begins with eight
 * random digits, the name that it had.
 */
function videoOf({ data, file_upload: upload }: z.infer<typeof taskSchema>): string | undefined {
  const named = [data['video'], data['video_url'], ...Object.values(data)].find(
    (value) => typeof value === 'string',
  );
  if (named === undefined) return upload ?? undefined;
  const [, local] = /\/data\/local-files\/\?d=(.+)$/.exec(named) ?? [];
  if (local !== undefined) return decodeUrlPath(local);
  if (!/\/data\/upload\//.test(named)) return named.replace(/^[a-z\d]+:\/\/.*\//i, '').replace(/\?.*$/, '');
  return decodeUrlPath(named.replace(/^.*\//, '').replace(/^[\da-f]{8}-/i, ''));
}
