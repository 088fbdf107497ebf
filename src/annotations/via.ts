import { z } from 'zod';
import { AnnotationError } from '../errors.js';
import type { AnnotatedSegment } from './annotated-segments.js';
import { reportSkip, type AnnotationReader, type LabelFile, type ReadContext } from './annotation-reader.js';
import { mentionsKeys, parseJsonFile } from './parse-json.js';

const identifier = z.union([z.string(), z.number()]).transform(String);
const viaSchema = z.object({
  attribute: z.record(
    z.string(),
    z.looseObject({ aname: z.string(), options: z.record(z.string(), z.string()).optional() }),
  ),
  file: z.record(z.string(), z.looseObject({ fname: z.string() })),
  view: z.record(z.string(), z.looseObject({ fid_list: z.array(identifier) })),
  metadata: z.record(
    z.string(),
    z.looseObject({ vid: identifier, z: z.array(z.number()), av: z.record(z.string(), z.string()) }),
  ),
});

/**
 * A project of the VGG Image Annotator 3: temporal segments, `z: [start, end]` in seconds. The label is the value of
 * the first attribute that the segment has; where that is the key of an option, the option's text.
 *
 * @see https://www.robots.ox.ac.uk/~vgg/software/via/
 */
export const viaReader: AnnotationReader = {
  name: 'VIA 3 JSON',
  extensions: ['.json'],
  recognizes: (file) => mentionsKeys(file, 'metadata', 'attribute', 'view', 'fid_list'),
  read: readMetadata,
};

function readMetadata(file: LabelFile, context: ReadContext): AnnotatedSegment[] {
  const project = parseJsonFile(file, viaSchema, 'a project of VIA 3');
  return Object.entries(project.metadata).flatMap(([id, { vid, z: times, av }]) => {
    const entry = `metadata "${id}"`;
    const [startSec, endSec] = times;
    if (startSec === undefined || endSec === undefined) {
      reportSkip(
        { what: `${entry} of "${file.path}"`, why: 'it marks a region or a moment, not a segment' },
        context,
      );
      return [];
    }
    const fileId = project.view[vid]?.fid_list[0] ?? '';
    const video = project.file[fileId]?.fname;
    if (video === undefined) {
      throw new AnnotationError(
        `"${file.path}" ${entry} belongs to the view "${vid}", which has no file.`,
        file.path,
      );
    }
    const [attribute = '', value = ''] = Object.entries(av).find(([, text]) => text.trim() !== '') ?? [];
    const label = project.attribute[attribute]?.options?.[value] || value;
    return [{ video, label, startSec, endSec, entry }];
  });
}
