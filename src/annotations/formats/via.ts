import { z } from 'zod';
import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotatedSegment } from '../annotated-segment.js';
import { type AnnotationFormat, reportSkip, type LabelFile, type ReadContext } from '../annotation-format.js';
import { videoName } from '../../video/media-names.js';
import { mentionsKeys, parseJsonFile } from '../text/parse-json.js';

const identifier = z.union([z.string(), z.number()]).transform(String);
const viaSchema = z.object({
  attribute: z.record(
    z.string(),
    z.looseObject({
      aname: z.string(),
      type: z.number().optional(),
      options: z.record(z.string(), z.string()).optional(),
    }),
  ),
  file: z.record(z.string(), z.looseObject({ fname: z.string() })),
  view: z.record(z.string(), z.looseObject({ fid_list: z.array(identifier) })),
  metadata: z.record(
    z.string(),
    z.looseObject({ vid: identifier, z: z.array(z.number()), av: z.record(z.string(), z.string()) }),
  ),
});

/** Type of an attribute with boxes to check. Its value is a list of keys of options, separated by commas. */
const CHECKBOX = 2;

/**
 * A project of the VGG Image Annotator 3: temporal segments, `z: [start, end]` in seconds. The label is the value of the
 * segment's first attribute; if that value is the key of an option, it is the option's text. An attribute with several
 * checked boxes gives one segment per box.
 *
 * @see https://www.robots.ox.ac.uk/~vgg/software/via/
 */
export const viaFormat: AnnotationFormat = {
  name: 'via',
  title: 'VIA 3 JSON',
  extension: '.via.json',
  extensions: ['.json'],
  holds: ['segments', 'overlaps', 'gaps', 'times', 'extension'],
  recognizes: (file) => mentionsKeys(file, 'metadata', 'attribute', 'view', 'fid_list'),
  read: readMetadata,
  write: writeProject,
};

/** Writes one video. VIA asks for the file when the project is opened, because browsers hide paths. Labels become options. */
function writeProject({ video, segments }: Timeline): string {
  const labels = [...new Set(segments.map(({ label }) => label))];
  const project = {
    project: {
      // VIA replaces these values when a project is shared.
      pid: '__VIA_PROJECT_ID__',
      rev: '__VIA_PROJECT_REV_ID__',
      rev_timestamp: '__VIA_PROJECT_REV_TIMESTAMP__',
      pname: videoName(video.source),
      data_format_version: '3.1.1',
      creator: 'framewise',
      created: 0,
      vid_list: ['1'],
    },
    config: {
      file: { loc_prefix: { 1: '', 2: '', 3: '', 4: '' } },
      ui: { file_content_align: 'center' },
    },
    attribute: {
      1: {
        aname: 'activity',
        anchor_id: 'FILE1_Z2_XY0', // anchored to one file and a time span, not to a region
        type: 4, // a choice
        desc: 'What the video shows',
        options: Object.fromEntries(labels.map((label) => [label, label])),
        default_option_id: '',
      },
    },
    file: { 1: { fid: '1', fname: videoName(video.source), type: 4, loc: 1, src: '' } }, // a local video
    metadata: Object.fromEntries(
      segments.map(({ label, startSec, endSec }, position) => [
        `1_${String(position + 1).padStart(8, '0')}`,
        { vid: '1', flg: 0, z: [startSec, endSec].map(roundToMilliseconds), xy: [], av: { 1: label } },
      ]),
    ),
    view: { 1: { fid_list: ['1'] } },
  };
  return `${JSON.stringify(project)}\n`;
}

/** Rounds to three decimals, as VIA does. */
function roundToMilliseconds(timeSec: number): number {
  return Math.round(timeSec * 1000) / 1000;
}

function readMetadata(file: LabelFile, context: ReadContext): AnnotatedSegment[] {
  const project = parseJsonFile(file, viaSchema, 'a project of VIA 3');
  return Object.entries(project.metadata).flatMap(([id, { vid, z: times, av }]) => {
    const entry = `metadata "${id}"`;
    const [startSec, endSec] = times;
    if (startSec === undefined || endSec === undefined) {
      reportSkip(
        { what: `${entry} of "${file.path}"`, why: 'it marks a region or a moment, not a time span' },
        context,
      );
      return [];
    }
    const skip = (why: string): [] => {
      reportSkip({ what: `${entry} of "${file.path}"`, why }, context);
      return [];
    };
    const files = entryOf(project.view, vid)?.fid_list ?? [];
    if (files.length > 1)
      return skip(`its view shows ${files.length} files, so its times may be those of any of them`);
    const video = entryOf(project.file, files[0] ?? '')?.fname;
    if (video === undefined) return skip(`it belongs to the view "${vid}", which has no file`);
    const [[name, value] = ['', ''], ...others] = Object.entries(av).filter(([, text]) => text.trim() !== '');
    if (others.length > 0) skip(`it has values of ${others.length + 1} attributes; only the first was used`);
    const { type, options } = entryOf(project.attribute, name) ?? {};
    const keys = type === CHECKBOX ? value.split(',').filter((key) => key.trim() !== '') : [value];
    return keys.map((key) => ({ video, label: entryOf(options, key) || key, startSec, endSec, entry }));
  });
}

/** Returns the value of a key that the file itself has, never an inherited one such as `constructor`. */
function entryOf<Value>(record: Readonly<Record<string, Value>> = {}, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
