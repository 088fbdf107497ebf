import path from 'node:path';
import { AnnotationError } from '../errors.js';
import type { AnnotatedSegment } from './annotated-segments.js';
import { reportSkip, type AnnotationReader, type LabelFile, type ReadContext } from './annotation-reader.js';
import { decodeUrlPath } from './media-names.js';
import { childrenAt, parseXmlFile, type XmlNode } from './parse-xml.js';

/**
 * An ELAN file: every annotation of every tier that is aligned to time, its value the label. Times are milliseconds of
 * the time order. The video is the first linked media file; without one, the file is named as its video.
 *
 * @see https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf
 */
export const elanReader: AnnotationReader = {
  name: 'ELAN',
  extensions: ['.eaf'],
  recognizes: ({ text }) => text.includes('<ANNOTATION_DOCUMENT'),
  read: readTiers,
};

function readTiers(file: LabelFile, context: ReadContext): AnnotatedSegment[] {
  const root = parseXmlFile(file);
  const video = linkedVideo(root) ?? path.parse(file.path).name;
  const originSec = Number(firstMedium(root)?.attributes['TIME_ORIGIN'] ?? 0) / 1000; // media time at ELAN's zero
  const timesSec = new Map(
    childrenAt(root, 'TIME_ORDER', 'TIME_SLOT').map(({ attributes }) => [
      attributes['TIME_SLOT_ID'],
      Number(attributes['TIME_VALUE'] ?? NaN) / 1000, // a slot between two others may have no time of its own
    ]),
  );
  const tiers = childrenAt(root, 'TIER');
  const wanted = tiers.filter(
    ({ attributes }) => (context.tier ?? attributes['TIER_ID']) === attributes['TIER_ID'],
  );
  if (context.tier !== undefined && wanted.length === 0) {
    const known = tiers.map(({ attributes }) => JSON.stringify(attributes['TIER_ID'])).join(', ');
    throw new AnnotationError(
      `"${file.path}" has no tier "${context.tier}". It has ${known || 'none'}.`,
      file.path,
    );
  }
  return childrenAt({ ...root, children: wanted }, 'TIER', 'ANNOTATION', 'ALIGNABLE_ANNOTATION').flatMap(
    ({ attributes, line, children }) => {
      const timeOf = (slot: string): number => {
        const timeSec = timesSec.get(attributes[slot]);
        if (timeSec !== undefined) return timeSec + originSec;
        throw new AnnotationError(
          `"${file.path}" line ${line}: the time slot ${JSON.stringify(attributes[slot])} is not in the time order.`,
          file.path,
          line,
        );
      };
      const [startSec, endSec] = [timeOf('TIME_SLOT_REF1'), timeOf('TIME_SLOT_REF2')];
      if (Number.isNaN(startSec) || Number.isNaN(endSec)) {
        reportSkip({ what: `"${file.path}" line ${line}`, why: 'its time slot has no time' }, context);
        return [];
      }
      const label = children.find(({ name }) => name === 'ANNOTATION_VALUE')?.text ?? '';
      return [{ video, label, startSec, endSec, line }];
    },
  );
}

/** The first medium's path, relative where the file has one: the other is of the machine where it was annotated. */
function linkedVideo(root: XmlNode): string | undefined {
  const { RELATIVE_MEDIA_URL: relative, MEDIA_URL: absolute } = firstMedium(root)?.attributes ?? {};
  const url = relative || absolute;
  return url && decodeUrlPath(url.replace(/^file:\/{0,3}(?=[a-z]:)/i, '').replace(/^file:(?:\/\/)?/i, ''));
}

function firstMedium(root: XmlNode): XmlNode | undefined {
  return childrenAt(root, 'HEADER', 'MEDIA_DESCRIPTOR')[0];
}
