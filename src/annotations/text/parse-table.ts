import { CsvError, parse } from 'csv-parse/sync';
import { AnnotationError } from '../../errors.js';
import type { LabelFile } from '../annotation-format.js';

/** A table with a header. */
export interface Table {
  /** Names of the columns as in the file. */
  columns: string[];
  /** One-based line of the header. */
  line: number;
  rows: TableRow[];
}

/** A row of a table, below the header. */
export interface TableRow {
  /** One-based line of the file; the last one if a quoted field spans several lines. */
  line: number;
  /** The field of a column, whose name ignores case; undefined if there is no such column or the row is too short. */
  field: (column: string) => string | undefined;
  /** The field of the column `confidence`; undefined unless it is a number from 0 to 1. */
  confidence: () => number | undefined;
}

/**
 * Parses a table in the form of RFC 4180. Spaces around fields and empty rows are dropped, and so is the `'` before a formula.
 *
 * @param delimiter - Separator between fields. Default: a comma.
 * @returns The table; undefined if the file has no row at all.
 * @throws {AnnotationError} If a quote is not closed, or a row has more fields than the header.
 */
export function parseTable({ path, text }: LabelFile, delimiter = ','): Table | undefined {
  const [header, ...rows] = parseRows(path, text, delimiter);
  if (!header) return undefined;
  const positions = new Map(header.fields.map((name, position) => [name.toLowerCase(), position]));
  return {
    columns: header.fields,
    line: header.line,
    rows: rows.map(({ fields, line }) => {
      const field = (column: string): string | undefined =>
        fields[positions.get(column.toLowerCase()) ?? -1]?.replace(ESCAPED_FORMULA, '$1');
      return { line, field, confidence: () => parseConfidence(field('confidence')) };
    }),
  };
}

/** Text that would be a formula in a spreadsheet, with the `'` that keeps it from being one. */
const ESCAPED_FORMULA = /^'([=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20])/;

function parseConfidence(text = ''): number | undefined {
  const value = Number(text);
  return text !== '' && value >= 0 && value <= 1 ? value : undefined;
}

/** Whether the first line of a file seems to name all these columns, given in lower case. Used to recognize files. */
export function seemsToHaveColumns(file: LabelFile, columns: readonly string[]): boolean {
  const names = glanceAtHeader(file);
  return columns.every((name) => names.includes(name));
}

/** Guesses the column names in the first line, in lower case, separated by commas or tabs. */
function glanceAtHeader({ text }: LabelFile): string[] {
  const [firstLine = ''] = text.trimStart().split(/[\r\n]/, 1);
  return firstLine.split(/[,\t]/).map((name) =>
    name
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .toLowerCase(),
  );
}

function parseRows(file: string, text: string, delimiter: string): { fields: string[]; line: number }[] {
  try {
    const rows = parse(text, {
      delimiter,
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

const SECONDS = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const CLOCK = /^(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d+)?)$/;

/**
 * Parses a time as people write it: seconds (`75.5`), `mm:ss.sss` (`01:15.5`) or `hh:mm:ss.sss` (`00:01:15.5`).
 *
 * @returns Seconds; undefined if the text has none of these forms. Negative times are not accepted.
 */
export function parseTime(text: string): number | undefined {
  if (SECONDS.test(text)) {
    const seconds = Number(text);
    return Number.isFinite(seconds) ? seconds : undefined;
  }
  const [, hours, minutes, seconds] = CLOCK.exec(text) ?? [];
  if (Number(seconds) >= 60 || (hours !== undefined && Number(minutes) >= 60)) return undefined;
  return seconds === undefined
    ? undefined
    : Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds);
}
