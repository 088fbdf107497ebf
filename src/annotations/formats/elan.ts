import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { AnnotationError } from '../../errors.js';
import type { Segment, Timeline } from '../../timeline/timeline.js';
import type { AnnotatedSegment } from '../annotated-segment.js';
import {
  type AnnotationFormat,
  oneLine,
  reportSkip,
  type LabelFile,
  type ReadContext,
} from '../annotation-format.js';
import { isUrl, publicSource } from '../../addresses.js';
import { decodeUrlPath, isVideoFileName } from '../../video/media-names.js';
import { childrenAt, parseXmlFile, type XmlNode, formatXml, type XmlContent } from '../text/xml.js';

/** Linguistic type of the tiers: any number of time-aligned annotations. */
const TIER_TYPE = 'default-lt';

/**
 * An ELAN file. Every time-aligned annotation of every tier is a segment, and its value is the label. Times are in
 * milliseconds. The video is the first linked file that is a video, not the sound or sensor data beside it; if there is
 * none, the file is named after its video. A tier holds one annotation at a time, so overlapping segments are written to
 * additional tiers.
 *
 * @see https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf
 */
export const elanFormat: AnnotationFormat = {
  name: 'elan',
  title: 'ELAN',
  extension: '.eaf',
  extensions: ['.eaf'],
  holds: ['segments', 'overlaps', 'gaps', 'times', 'folder', 'extension'],
  recognizes: ({ text }) => text.includes('<ANNOTATION_DOCUMENT'),
  read: readTiers,
  write: writeTiers,
};

function writeTiers(timeline: Timeline): string {
  const slots: { id: string; timeMs: number }[] = [];
  const addSlot = (timeSec: number): string => {
    const id = `ts${slots.length + 1}`;
    slots.push({ id, timeMs: Math.round(timeSec * 1000) });
    return id;
  };
  let numAnnotations = 0;
  const annotate = ({ label, startSec, endSec }: Segment): XmlContent => ({
    ALIGNABLE_ANNOTATION: {
      '@ANNOTATION_ID': `a${++numAnnotations}`,
      '@TIME_SLOT_REF1': addSlot(startSec),
      '@TIME_SLOT_REF2': addSlot(endSec),
      ANNOTATION_VALUE: oneLine(label),
    },
  });
  const tiers = disjointTiers(timeline.segments).map((tier, position) => ({
    '@LINGUISTIC_TYPE_REF': TIER_TYPE,
    '@TIER_ID': position === 0 ? 'activity' : `activity ${position + 1}`,
    ANNOTATION: tier.map(annotate),
  }));
  slots.sort((a, b) => a.timeMs - b.timeMs);
  return formatXml({
    ANNOTATION_DOCUMENT: {
      '@AUTHOR': '',
      '@DATE': '1970-01-01T00:00:00Z', // required; a real date would make every run's file different
      '@FORMAT': '3.0',
      '@VERSION': '3.0',
      '@xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
      '@xsi:noNamespaceSchemaLocation': 'http://www.mpi.nl/tools/elan/EAFv3.0.xsd',
      HEADER: {
        '@MEDIA_FILE': '',
        '@TIME_UNITS': 'milliseconds',
        MEDIA_DESCRIPTOR: mediaDescriptor(timeline.video.source),
        PROPERTY: { '@NAME': 'lastUsedAnnotationId', '#text': numAnnotations },
      },
      TIME_ORDER: {
        TIME_SLOT: slots.map(({ id, timeMs }) => ({ '@TIME_SLOT_ID': id, '@TIME_VALUE': timeMs })),
      },
      TIER: tiers,
      LINGUISTIC_TYPE: {
        '@GRAPHIC_REFERENCES': 'false',
        '@LINGUISTIC_TYPE_ID': TIER_TYPE,
        '@TIME_ALIGNABLE': 'true',
      },
    },
  });
}

/** Links the video by its absolute path on this machine, and by the relative path that was given. */
function mediaDescriptor(source: string): XmlContent {
  const type = { '@MIME_TYPE': path.extname(source).toLowerCase() === '.mp4' ? 'video/mp4' : 'video/*' };
  if (isUrl(source)) return { '@MEDIA_URL': publicSource(source), ...type };
  const absolute = pathToFileURL(source).href;
  if (path.isAbsolute(source)) return { '@MEDIA_URL': absolute, ...type };
  const parts = path.normalize(source).split(path.sep).map(encodeURIComponent);
  return { '@MEDIA_URL': absolute, ...type, '@RELATIVE_MEDIA_URL': `./${parts.join('/')}` };
}

/** Distributes segments over as few tiers as hold them without overlap, and over one if nothing overlaps. */
function disjointTiers(segments: readonly Segment[]): Segment[][] {
  const tiers: Segment[][] = [[]];
  for (const segment of [...segments].sort((a, b) => a.startSec - b.startSec)) {
    const free = tiers.find((tier) => (tier.at(-1)?.endSec ?? 0) <= segment.startSec);
    if (free) free.push(segment);
    else tiers.push([segment]);
  }
  return tiers;
}

function readTiers(file: LabelFile, context: ReadContext): AnnotatedSegment[] {
  const root = parseXmlFile(file);
  const [medium, ...others] = childrenAt(root, 'HEADER', 'MEDIA_DESCRIPTOR').filter(isVideo);
  const video = (medium && pathOf(medium)) ?? path.parse(file.path).name;
  if (others.length > 0) {
    const why = `it links ${others.length + 1} videos; its labels are taken as those of ${JSON.stringify(video)}`;
    reportSkip({ what: `the other videos of "${file.path}"`, why }, context);
  }
  const originSec = Number(medium?.attributes['TIME_ORIGIN'] ?? 0) / 1000; // media time at ELAN's time 0
  const timesSec = new Map(
    childrenAt(root, 'TIME_ORDER', 'TIME_SLOT').map(({ attributes }) => [
      attributes['TIME_SLOT_ID'],
      Number(attributes['TIME_VALUE'] ?? NaN) / 1000, // a slot between two others need not have a time
    ]),
  );
  const tiers = childrenAt(root, 'TIER');
  const wanted = tiers.filter(
    ({ attributes }) => (context.tier ?? attributes['TIER_ID']) === attributes['TIER_ID'],
  );
  if (context.tier !== undefined && wanted.length === 0) {
    const known = tiers.map(({ attributes }) => JSON.stringify(attributes['TIER_ID'])).join(', ');
    throw new AnnotationError(
      `"${file.path}" has no tier "${context.tier}". Its tiers: ${known || 'none'}.`,
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

/** Whether a linked file is a video. ELAN states its type, and so does the extension, which is right where they differ. */
function isVideo(medium: XmlNode): boolean {
  const name = pathOf(medium) ?? '';
  if (isVideoFileName(name)) return true;
  if (/\.(?:wav|mp3|m4a|aac|flac|ogg|oga|opus|aiff?|wma|csv|tsv|txt)$/i.test(name)) return false;
  return !/^audio\//i.test(medium.attributes['MIME_TYPE'] ?? '');
}

/** Path of a linked file. A relative path is preferred, because the absolute one is from the annotator's machine. */
function pathOf({ attributes }: XmlNode): string | undefined {
  const { RELATIVE_MEDIA_URL: relative, MEDIA_URL: absolute } = attributes;
  const url = relative || absolute;
  return url && decodeUrlPath(url.replace(/^file:\/{0,3}(?=[a-z]:)/i, '').replace(/^file:(?:\/\/)?/i, ''));
}
