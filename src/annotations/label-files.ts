import { MAX_TEXT_BYTES, readRegularFile } from '../runtime/input-file.js';
import path from 'node:path';
import { AnnotationError } from '../errors.js';
import { checkSegments, separateSegments, type LabelOverlap } from './check-segments.js';
import type { AnnotatedSegment } from './annotated-segment.js';
import type { AnnotationFormat, LabelFile, ReadContext } from './annotation-format.js';
import { csvSegmentsFormat } from './formats/csv-segments.js';
import { annotationFormats } from './formats/formats.js';

/** The content of a label file after checking. */
export interface LabeledFile {
  /** Path of the file. */
  file: string;
  /** Sorted by video and start; no two segments of a video overlap. */
  segments: AnnotatedSegment[];
  /** Time spans that had two labels, by video. */
  overlaps?: ReadonlyMap<string, LabelOverlap[]>;
  /** The subset of its video in each of the dataset's own splits. */
  subsetBySplit?: Record<string, string>;
  /** Whether absent videos are left out instead of being an error. */
  mayListAbsentVideos?: boolean;
}

/**
 * Reads a label file of any known format, checks its segments, and separates those that overlap.
 *
 * @throws {AnnotationError} If it cannot be read, has no known format, or states something impossible.
 */
export async function readLabelFile(path: string, context: ReadContext = {}): Promise<LabeledFile> {
  const file = await openLabelFile(path);
  const format = formatOf(file);
  const checked = checkSegments(await format.read(file, context), path, context);
  const { mayListAbsentVideos = false } = format;
  return { file: path, ...separateSegments(checked, path, context.onWarning), mayListAbsentVideos };
}

/** Whether a file holds labels, judged by its extension and a quick look at its content. */
export async function isLabelFile(path: string): Promise<boolean> {
  if (!isLabelFileName(path)) return false;
  try {
    return recognize(await openLabelFile(path)) !== undefined;
  } catch (error) {
    if (error instanceof AnnotationError) return false; // a folder, or text in another encoding
    throw error;
  }
}

/** Whether a file may hold labels, judged by its extension. */
function isLabelFileName(file: string): boolean {
  const extension = path.extname(file).toLowerCase();
  return annotationFormats.some(({ extensions }) => extensions.includes(extension));
}

/** Finds the format of a file by its extension and content; undefined if there is none. */
function recognize(file: LabelFile): AnnotationFormat | undefined {
  const extension = path.extname(file.path).toLowerCase();
  return annotationFormats.find((format) => format.extensions.includes(extension) && format.recognizes(file));
}

/**
 * Finds the format of a file that the user gave as a label file.
 *
 * @throws {AnnotationError} If no format recognizes its content.
 */
export function formatOf(file: LabelFile): AnnotationFormat {
  const extension = path.extname(file.path).toLowerCase();
  const format = recognize(file);
  if (format) return format;
  const candidates = annotationFormats.filter(({ extensions }) => extensions.includes(extension));
  // Treat it as a table whatever its name, because the CSV reader's message names the missing columns.
  if (candidates.length === 0 || candidates.includes(csvSegmentsFormat)) return csvSegmentsFormat;
  const kinds = candidates.map(({ title }) => title).join(', ');
  throw new AnnotationError(
    `"${file.path}" is not a label file: expected ${kinds} because of the extension "${extension}", received ` +
      `${JSON.stringify(file.text.slice(0, 40))}. Export it again, or correct the extension.`,
    file.path,
  );
}

/**
 * Reads a label file as text, without a byte-order mark.
 *
 * @throws {AnnotationError} If it cannot be read, is no regular file, is larger than 512 MiB, or is not UTF-8 text.
 */
export async function openLabelFile(file: string): Promise<LabelFile> {
  try {
    const bytes = await readRegularFile(file, { maxBytes: MAX_TEXT_BYTES });
    return { path: file, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'it is not text in UTF-8' : (cause as Error).message;
    throw new AnnotationError(`Cannot read the label file "${file}": ${reason}.`, file, undefined, { cause });
  }
}
