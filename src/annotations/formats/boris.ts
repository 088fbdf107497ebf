import path from 'node:path';
import { stringify } from 'csv-stringify/sync';
import type { Timeline } from '../../timeline/timeline.js';
import type { AnnotatedSegment } from '../annotated-segment.js';
import {
  type AnnotationFormat,
  reportSkip,
  type LabelFile,
  type ReadContext,
  type WriteOptions,
} from '../annotation-format.js';
import { countFrames } from '../text/frame-runs.js';
import { publicSource } from '../../addresses.js';
import { videoName } from '../../video/media-names.js';
import { parseTable, parseTime, seemsToHaveColumns, type TableRow } from '../text/parse-table.js';

const COLUMNS = ['behavior', 'behavior type', 'start (s)', 'stop (s)'] as const;
const MEDIA_COLUMNS = ['media file name', 'media file'] as const; // from version 8 on, and earlier

/**
 * Aggregated events as BORIS exports them, separated by commas or tabs: one event per row, the behavior is the label.
 * Events of type STATE have a length; POINT events have none and are left out. So is an event whose times are not those
 * of one video: of a live observation, of videos that are played one after another, or with a time offset. Files are
 * written with the columns of version 8.
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

function writeEvents(timeline: Timeline, { escapeFormulas }: WriteOptions = {}): string {
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
  return stringify(rows, { header: true, escape_formulas: escapeFormulas });
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
    const leaveOut = (why: string): void =>
      reportSkip({ what: `the event in line ${line} of "${file.path}"`, why }, context);
    const media = mediaOf(field);
    if (typeof media === 'object') {
      leaveOut(media.problem);
      continue;
    }
    const [start = '', stop = ''] = [field('start (s)'), field('stop (s)')];
    const [startSec, endSec] = [parseTime(start), parseTime(stop)];
    if (startSec === undefined || endSec === undefined) {
      leaveOut(`expected start and stop in seconds, received "${start}" and "${stop}"`);
      continue;
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

/**
 * Finds the video that an event's times refer to. BORIS writes "Not found" where it cannot tell the file of an event, as
 * for one at 0 s, but the column `Source` lists the files of each player: `player #1:cage1.mp4;player #2:cage1-top.mp4`.
 *
 * @returns The video, or why there is none.
 */
function mediaOf(field: TableRow['field']): string | { problem: string } {
  const offset = field('time offset (s)') ?? '';
  if (Number(offset) !== 0) {
    return {
      problem: `its observation has a time offset of ${offset} s. Remove the offset and export again`,
    };
  }
  const named = MEDIA_COLUMNS.map(field).find(Boolean)?.replace(PLAYER, '');
  const played = firstPlayerFiles(field('source') ?? '');
  if (played.length > 1) {
    return {
      problem: `its observation plays ${played.length} files one after another. Export an observation per file`,
    };
  }
  if (named !== undefined && !/^(?:not found|na|n\/a)$/i.test(named)) return named;
  return played[0] ?? { problem: 'it names no media file, so it may be from a live observation' };
}

/** A row may name the player before the file. */
const PLAYER = /^player #\d+:\s*/i;

/** Files of player 1, whose clock is that of the events. A file that follows another without a player is of the same one. */
function firstPlayerFiles(source: string): string[] {
  const files: string[] = [];
  let isFirst = true;
  for (const part of source.split(/[;|]/).map((each) => each.trim())) {
    if (PLAYER.test(part)) isFirst = /^player #1:/i.test(part);
    const file = part.replace(PLAYER, '').trim();
    if (isFirst && file !== '' && !/^(?:not found|na|n\/a)$/i.test(file)) files.push(file);
  }
  return files;
}
