import { z } from 'zod';
import type { AnnotatedSegment } from './annotated-segments.js';
import { reportSkip, type AnnotationReader, type LabelFile, type ReadContext } from './annotation-reader.js';
import { mentionsKeys, parseJsonFile } from './parse-json.js';

const activityNetSchema = z.object({
  database: z.record(
    z.string(),
    z.object({
      subset: z.string().optional(),
      annotations: z
        .array(z.object({ label: z.string(), segment: z.tuple([z.number(), z.number()]) }))
        .optional(),
    }),
  ),
});

/**
 * The JSON of ActivityNet, THUMOS and others: videos by id, each with its subset and its segments in seconds. Videos
 * without a segment, as in a withheld test set, are left out.
 *
 * @see http://activity-net.org/download.html
 */
export const activityNetReader: AnnotationReader = {
  name: 'ActivityNet JSON',
  extensions: ['.json'],
  recognizes: (file) => mentionsKeys(file, 'database', 'annotations'),
  read: readDatabase,
  mayListAbsentVideos: true,
};

function readDatabase(file: LabelFile, context: ReadContext): AnnotatedSegment[] {
  const { database } = parseJsonFile(file, activityNetSchema, 'ActivityNet JSON');
  return Object.entries(database).flatMap(([video, { subset, annotations = [] }]) => {
    if (annotations.length === 0) {
      const why = `"${file.path}" gives it no annotation${subset ? ` (subset ${subset})` : ''}`;
      reportSkip({ what: JSON.stringify(video), why }, context);
    }
    return annotations.map(({ label, segment: [startSec, endSec] }, position) => ({
      video,
      label,
      startSec,
      endSec,
      entry: `annotation ${position + 1} of "${video}"`,
      ...(subset && { subset }),
    }));
  });
}
