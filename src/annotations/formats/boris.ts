import path from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { AnnotationError } from '../../errors.js';
import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotatedSegment } from '../annotated-segment.js';
import { type AnnotationFormat, reportSkip, type LabelFile, type ReadContext } from '../annotation-format.js';
import { countFrames } from '../text/frame-runs.js';
import { publicSource, videoName } from '../../video/media-names.js';
import { parseTable, parseTime, seemsToHaveColumns } from '../text/parse-table.js';

const COLUMNS = ['behavior', 'behavior type', 'start (s)', 'stop (s)'] as const;
const MEDIA_COLUMNS = ['media file name', 'media file'] as const; // from version 8 on, and earlier

/**
 * Aggregated events as BORIS exports them, separated by commas or tabs: one event per row, the behavior is the label.
 * Events of type STATE have a length; POINT events have none and are left out. Files are written with the columns of
 * version 8.
 *
 * @see https://www.boris.unito.it/user_guide/export_events/
 */
export const borisFormat: AnnotationFormat = {
  name: 'boris',
  title: 'BORIS aggregated events',
  extension: '.boris.csv',
  extensions: ['.csv', '.tsv'],
  holds: ['segments', 'overlaps', 'gaps', 'times', 'folder', 'extension'],
  recognizes: (file) =>
    MEDIA_COLUMNS.some((mediaColumn) => seemsToHaveColumns(file, [...COLUMNS, mediaColumn])),
  read: readEvents,
  write: writeEvents,
};

function writeEvents(timeline: Timeline): string {
  const { video, segments } = timeline;
  const media = publicSource(video.source);
  const observation = path.parse(videoName(video.source)).name;
  const starts = segments.map(({ startSec }) => startSec);
  const ends = segments.map(({ endSec }) => endSec);
  const codedSec = segments.length > 0 ? Math.max(...ends) - Math.min(...starts) : 0;
  const count = video.frameRate > 0 ? countFrames(timeline, borisFormat.title) : undefined;
  const rows = segments.map((segment) => {
    const { label, startSec, endSec } = segment;
    const frames = count?.within(segment);
    return {
      'Observation id': observation,
      'Observation date': '',
      Description: '',
      'Observation type': 'Media file(s)',
      Source: `player #1:${media}`,
      'Time offset (s)': '0.0',
      'Coding duration': codedSec.toFixed(3),
      'Media duration (s)': video.durationSec.toFixed(3),
      'FPS (frame/s)': video.frameRate,
      Subject: 'No focal subject',
      'Observation duration by subject by observation': codedSec.toFixed(3),
      Behavior: label,
      'Behavioral category': '',
      'Behavior type': 'STATE',
      'Start (s)': startSec.toFixed(3),
      'Stop (s)': endSec.toFixed(3),
      'Duration (s)': (endSec - startSec).toFixed(3),
      'Media file name': media,
      'Image index start': frames?.startFrame ?? '',
      'Image index stop': frames?.endFrame ?? '',
      'Image file path start': '',
      'Image file path stop': '',
      'Comment start': '',
      'Comment stop': '',
    };
  });
  return stringify(rows, { header: true });
}

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
    // A row may name the player before the file: "player #1:clip.mp4".
    const media = MEDIA_COLUMNS.map(field)
      .find(Boolean)
      ?.replace(/^player #\d+:\s*/i, '');
    if (!media)
      throw refuse(
        'no media file is named, so this is a live observation. Expected an observation of a video',
      );
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
