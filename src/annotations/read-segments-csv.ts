import { readFile } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse/sync';
import { AnnotationError } from '../errors.js';
import { separateSegments, type AnnotatedSegment } from './annotated-segments.js';
import { parseTime } from './parse-time.js';

/** How to read label files. */
export interface ReadOptions {
  /** Receives one sentence for each thing that was put right on the way. */
  onWarning?: (message: string) => void;
}

const COLUMNS = ['video', 'label', 'start', 'end'] as const;

/**
 * Reads a CSV of labelled segments: a header that names `video`, `label`, `start` and `end` in any order and case,
 * then a row a segment. Times as {@link parseTime} reads them; other columns are ignored.
 *
 * Segments of one video may not overlap. Hand-set boundaries are often a few frames off, so an overlap of up to a
 * quarter second is put right, and warned of: the earlier segment ends where the later one starts.
 *
 * @returns Segments, video by video in the order in which the file first names them, each video's by start.
 * @throws {AnnotationError} If the file cannot be read or is not such a CSV, or a row is impossible. The error names
 * the first line to blame, and the lines of further bad rows.
 */
export async function readSegmentsCsv(file: string, options: ReadOptions = {}): Promise<AnnotatedSegment[]> {
  const [header, ...rows] = parseCsv(file, await readText(file));
  if (!header) {
    throw new AnnotationError(`"${file}" is empty: expected the header ${COLUMNS.join(',')}.`, file);
  }
  const names = header.fields.map((name) => name.toLowerCase());
  const missing = COLUMNS.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new AnnotationError(
      `"${file}" has no column "${missing.join('", "')}": expected the header ${COLUMNS.join(',')}, ` +
        `received ${JSON.stringify(header.fields.join(',')).slice(1, -1)}.`,
      file,
      header.line,
    );
  }
  const segments: AnnotatedSegment[] = [];
  const problems: { line: number; problem: string }[] = [];
  for (const { fields, line } of rows) {
    const [video, label, start, end] = COLUMNS.map((name) => fields[names.indexOf(name)] ?? '');
    const segment = readRow(video as string, label as string, start as string, end as string);
    if (typeof segment === 'string') problems.push({ line, problem: segment });
    else segments.push({ ...segment, line });
  }
  const [first, ...others] = problems;
  if (first) {
    const more = others.slice(0, 5).map(({ line }) => line);
    const also =
      more.length > 0
        ? ` Lines to correct as well: ${more.join(', ')}${others.length > 5 ? ', …' : ''}.`
        : '';
    throw new AnnotationError(`"${file}" line ${first.line}: ${first.problem}.${also}`, file, first.line);
  }
  return separateSegments(segments, file, options.onWarning);
}

/** A segment, or what is wrong with it. */
function readRow(
  video: string,
  label: string,
  start: string,
  end: string,
): Omit<AnnotatedSegment, 'line'> | string {
  if (video === '') return 'the video is not named';
  if (label === '') return 'the label is empty';
  const [startSec, endSec] = [parseTime(start), parseTime(end)];
  const forms = 'expected seconds from 0, mm:ss.sss or hh:mm:ss.sss';
  if (startSec === undefined) return `the start ${JSON.stringify(start)} is not a time, ${forms}`;
  if (endSec === undefined) return `the end ${JSON.stringify(end)} is not a time, ${forms}`;
  if (endSec <= startSec) return `the segment ends at ${end}, which is not after its start at ${start}`;
  return { video, label, startSec, endSec };
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'it is not text in UTF-8' : (cause as Error).message;
    throw new AnnotationError(`Cannot read the label file "${file}": ${reason}.`, file, undefined, { cause });
  }
}

function parseCsv(file: string, text: string): { fields: string[]; line: number }[] {
  try {
    const rows = parse(text, {
      bom: true,
      info: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count_less: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      trim: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return rows.map(({ record, info }) => ({ fields: record, line: info.lines }));
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = typeof cause['lines'] === 'number' ? cause['lines'] : undefined;
    throw new AnnotationError(`"${file}" is not a CSV file: ${cause.message}.`, file, line, { cause });
  }
}
