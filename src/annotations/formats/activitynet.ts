import path from 'node:path';
import { z } from 'zod';
import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotatedSegment } from '../annotated-segment.js';
import {
  type AnnotationFormat,
  type WriteOptions,
  reportSkip,
  type LabelFile,
  type ReadContext,
} from '../annotation-format.js';
import { isVideoFileName, videoName } from '../../video/media-names.js';
import { mentionsKeys, parseJsonFile } from '../text/parse-json.js';

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
 * without segments, as in a withheld test set, are left out.
 *
 * @see http://activity-net.org/download.html
 */
export const activityNetFormat: AnnotationFormat = {
  name: 'activitynet',
  title: 'ActivityNet JSON',
  extension: '.activitynet.json',
  extensions: ['.json'],
  holds: ['segments', 'overlaps', 'gaps', 'times', 'subset'],
  recognizes: (file) => mentionsKeys(file, 'database', 'annotations'),
  read: readDatabase,
  mayListAbsentVideos: true,
  write: writeDatabase,
};

/** Writes one video. As in the datasets, its id is the file's name without extension; labels are leaves of the taxonomy. */
function writeDatabase({ video, segments }: Timeline, { subset }: WriteOptions = {}): string {
  const name = videoName(video.source);
  const labels = [...new Set(segments.map(({ label }) => label))];
  const root = { nodeName: 'Root', nodeId: 0, parentName: null, parentId: null };
  const content = {
    version: 'VERSION 1.3',
    taxonomy: [
      root,
      ...labels.map((nodeName, index) => ({ nodeName, nodeId: index + 1, parentName: 'Root', parentId: 0 })),
    ],
    database: Object.fromEntries([
      [
        isVideoFileName(name) ? path.parse(name).name : name,
        {
          duration: video.durationSec,
          subset: subset || undefined,
          resolution: `${video.width}x${video.height}`,
          url: '',
          annotations: segments.map(({ label, startSec, endSec }) => ({
            segment: [startSec, endSec],
            label,
          })),
        },
      ],
    ]),
  };
  return `${JSON.stringify(content)}\n`;
}

function readDatabase(file: LabelFile, context: ReadContext): AnnotatedSegment[] {
  const { database } = parseJsonFile(file, activityNetSchema, 'ActivityNet JSON');
  return Object.entries(database).flatMap(([video, { subset, annotations = [] }]) => {
    if (annotations.length === 0) {
      const why = `"${file.path}" has no annotation of it${subset ? ` (subset ${subset})` : ''}`;
      reportSkip({ what: JSON.stringify(video), why }, context);
    }
    return annotations.map(({ label, segment: [startSec, endSec] }, position) => ({
      video,
      label,
      startSec,
      endSec,
      entry: `annotation ${position + 1} of "${video}"`,
      subset: subset || undefined,
    }));
  });
}
