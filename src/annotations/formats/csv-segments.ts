import { stringify } from 'csv-stringify/sync';
import { AnnotationError } from '../../errors.js';
import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotatedSegment } from '../annotated-segment.js';
import type { AnnotationFormat, WriteOptions, LabelFile } from '../annotation-format.js';
import { videoName } from '../../video/media-names.js';
import { parseTable, parseTime, seemsToHaveColumns, type TableRow } from '../text/parse-table.js';

const COLUMNS = ['video', 'label', 'start', 'end'] as const;

/**
 * One segment per row: `video,label,start,end,confidence`, seconds to the millisecond, quoted as in RFC 4180. A model's
 * output can be corrected by hand in this form and trained on.
 *
 * The reader takes these columns, and `group` and `subset`, in any order and case. Only the first four are required, and
 * other columns are ignored. Times may have any form that {@link parseTime} reads.
 *
 * Text is written unchanged by default, even if it begins with `=`, because other programs would not find a video under
 * a changed name. With `escapeFormulas`, spreadsheets take such text for text.
 */
export const csvSegmentsFormat: AnnotationFormat = {
  name: 'csv',
  title: 'CSV',
  extension: '.csv',
  extensions: ['.csv'],
  holds: ['segments', 'confidence', 'overlaps', 'gaps', 'times', 'extension', 'group', 'subset'],
  recognizes: (file) => seemsToHaveColumns(file, COLUMNS),
  read: readSegments,
  write: writeSegments,
};

function writeSegments(
  { video, segments }: Timeline,
  { group, subset, escapeFormulas }: WriteOptions = {},
): string {
  const membership = Object.entries({ group, subset }).filter(([, value]) => value);
  const table = [
    [...COLUMNS, 'confidence', ...membership.map(([column]) => column)],
    ...segments.map(({ label, startSec, endSec, confidence }) => [
      videoName(video.source),
      label,
      startSec.toFixed(3),
      endSec.toFixed(3),
      confidence.toFixed(4),
      ...membership.map(([, value]) => value),
    ]),
  ];
  return stringify(table, { escape_formulas: escapeFormulas });
}

/** The error describes the first bad row and lists the lines of further ones. */
function readSegments(file: LabelFile): AnnotatedSegment[] {
  const { path } = file;
  const table = parseTable(file);
  if (!table)
    throw new AnnotationError(`"${path}" is empty: expected the header ${COLUMNS.join(',')}.`, path);
  const names = table.columns.map((name) => name.toLowerCase());
  const missing = COLUMNS.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new AnnotationError(
      `"${path}" has no column "${missing.join('", "')}": expected the header ${COLUMNS.join(',')}, ` +
        `received ${JSON.stringify(table.columns.join(',')).slice(1, -1)}.`,
      path,
      table.line,
    );
  }
  const segments: AnnotatedSegment[] = [];
  const problems: { line: number; problem: string }[] = [];
  for (const row of table.rows) {
    const segment = readRow(row);
    if (typeof segment === 'string') problems.push({ line: row.line, problem: segment });
    else segments.push(segment);
  }
  const [first, ...others] = problems;
  if (first) {
    const more = others.slice(0, 5).map(({ line }) => line);
    const also =
      more.length > 0
        ? ` Lines to correct as well: ${more.join(', ')}${others.length > 5 ? ', …' : ''}.`
        : '';
    throw new AnnotationError(`"${path}" line ${first.line}: ${first.problem}.${also}`, path, first.line);
  }
  return segments;
}

/** Reads a segment. Returns the problem as text if the row is wrong. */
function readRow({ field, line, confidence: readConfidence }: TableRow): AnnotatedSegment | string {
  const [video = '', label = '', start = '', end = ''] = COLUMNS.map(field);
  if (video === '') return 'the video is not named';
  if (label === '') return 'the label is empty';
  const [startSec, endSec] = [parseTime(start), parseTime(end)];
  const forms = 'expected seconds from 0, mm:ss.sss or hh:mm:ss.sss';
  if (startSec === undefined) return `the start ${JSON.stringify(start)} is not a time, ${forms}`;
  if (endSec === undefined) return `the end ${JSON.stringify(end)} is not a time, ${forms}`;
  if (endSec <= startSec) return `the segment ends at ${end}, which is not after its start at ${start}`;
  const [group, subset, confidence] = [field('group'), field('subset'), readConfidence()];
  return {
    video,
    label,
    startSec,
    endSec,
    line,
    confidence,
    group: group || undefined,
    subset: subset || undefined,
  };
}
