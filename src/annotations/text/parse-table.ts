import { CsvError, parse } from 'csv-parse/sync';
import { AnnotationError } from '../../errors.js';
import type { LabelFile } from '../annotation-format.js';

/** The rows below a table's header. */
export interface Table {
  /** Names of the columns as they stand in the file. */
  columns: string[];
  /** One-based line of the header. */
  line: number;
  rows: TableRow[];
}

/** A row of a table. */
export interface TableRow {
  /** One-based line of the file; the last one where a quoted field holds line breaks. */
  line: number;
  /** The field below a column, found in any case; undefined if there is no such column or the row is too short. */
  field: (column: string) => string | undefined;
  /** The field below the column `confidence` where it is a number from 0 to 1. */
  confidence: () => number | undefined;
}

/**
 * Reads text of rows and fields as RFC 4180 has it; spaces around fields and empty rows are dropped.
 *
 * @param delimiter - What stands between fields. Default: a comma.
 * @returns Undefined if the file has no row at all.
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
      const field = (column: string): string | undefined => fields[positions.get(column.toLowerCase()) ?? -1];
      return { line, field, confidence: () => parseConfidence(field('confidence')) };
    }),
  };
}

function parseConfidence(text = ''): number | undefined {
  const value = Number(text);
  return text !== '' && value >= 0 && value <= 1 ? value : undefined;
}

/** Whether a table's first line seems to have all these columns, named in lower case; for recognizing a file. */
export function seemsToHaveColumns(file: LabelFile, columns: readonly string[]): boolean {
  const names = glanceAtHeader(file);
  return columns.every((name) => names.includes(name));
}

/** The lower-case names in a table's first line, guessed with a comma or a tab between. */
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
