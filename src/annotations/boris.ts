import { AnnotationError } from '../errors.js';
import type { AnnotatedSegment } from './annotated-segments.js';
import { reportSkip, type AnnotationReader, type LabelFile, type ReadContext } from './annotation-reader.js';
import { glanceAtHeader, parseTable } from './parse-table.js';
import { parseTime } from './parse-time.js';

const COLUMNS = ['behavior', 'behavior type', 'start (s)', 'stop (s)'] as const;
const MEDIA_COLUMNS = ['media file name', 'media file'] as const; // since version 8, and before

/**
 * Aggregated events as BORIS exports them, comma or tab between: a row an event, the behaviour is the label. Rows of
 * type STATE have a length; POINT events have none and are left out.
 *
 * @see https://www.boris.unito.it/user_guide/export_events/
 */
export const borisReader: AnnotationReader = {
  name: 'BORIS aggregated events',
  extensions: ['.csv', '.tsv'],
  recognizes: (file) => {
    const names = glanceAtHeader(file);
    return (
      COLUMNS.every((name) => names.includes(name)) && MEDIA_COLUMNS.some((name) => names.includes(name))
    );
  },
  read: readEvents,
};

function readEvents(file: LabelFile, context: ReadContext): AnnotatedSegment[] {
  const firstLine = file.text.split('\n', 1)[0] ?? '';
  const table = parseTable(file, firstLine.includes('\t') ? '\t' : ',');
  const segments: AnnotatedSegment[] = [];
  let numPoints = 0;
  for (const { field, line } of table?.rows ?? []) {
    if (field('behavior type')?.toUpperCase() !== 'STATE') {
      numPoints++;
      continue;
    }
    const refuse = (problem: string) =>
      new AnnotationError(`"${file.path}" line ${line}: ${problem}.`, file.path, line);
    // A row may name its player before the file: "player #1:clip.mp4".
    const media = MEDIA_COLUMNS.map(field)
      .find(Boolean)
      ?.replace(/^player #\d+:\s*/i, '');
    if (!media)
      throw refuse('the media file is not named, so it was a live observation. Only videos have labels here');
    const [start = '', stop = ''] = [field('start (s)'), field('stop (s)')];
    const [startSec, endSec] = [parseTime(start), parseTime(stop)];
    if (startSec === undefined || endSec === undefined) {
      throw refuse(`expected start and stop in seconds, received "${start}" and "${stop}"`);
    }
    segments.push({ video: media, label: field('behavior') ?? '', startSec, endSec, line });
  }
  if (numPoints > 0) {
    reportSkip(
      { what: `${numPoints} events of "${file.path}"`, why: 'only events of type STATE have a length' },
      context,
    );
  }
  return segments;
}
