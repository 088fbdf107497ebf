import path from 'node:path';
import { AnnotationError } from '../errors.js';
import {
  checkSegments,
  separateSegments,
  type AnnotatedSegment,
  type LabelOverlap,
} from './annotated-segments.js';
import type { AnnotationFormat } from './annotation-format.js';
import type { LabelFile, ReadContext } from './annotation-reader.js';
import { csvSegmentsFormat } from './formats/csv-segments.js';
import { annotationFormats } from './formats/formats.js';
import { openLabelFile } from './open-label-file.js';

/** A label file after reading. */
export interface LabeledFile {
  /** Its path. */
  file: string;
  /** By video and start; no two of a video overlap. */
  segments: AnnotatedSegment[];
  /** Moments that had two labels, by video. */
  overlaps?: ReadonlyMap<string, LabelOverlap[]>;
  /** Its video's subset in each of the dataset's own splits. */
  subsetBySplit?: Record<string, string>;
  /** Whether videos that are absent are left out, not refused. */
  mayListAbsentVideos?: boolean;
}

/**
 * Reads a label file of any kind that a reader knows, checks its segments, and separates those that overlap.
 *
 * @throws {AnnotationError} If it cannot be read, is of no known kind, or says something impossible.
 */
export async function readLabelFile(path: string, context: ReadContext = {}): Promise<LabeledFile> {
  const file = await openLabelFile(path);
  const format = formatOf(file);
  const checked = checkSegments(await format.read(file, context), path, context);
  const { mayListAbsentVideos = false } = format;
  return { file: path, ...separateSegments(checked, path, context.onWarning), mayListAbsentVideos };
}

/** Whether a file holds labels, by its ending and a glance at its content. */
export async function isLabelFile(path: string): Promise<boolean> {
  if (!isLabelFileName(path)) return false;
  try {
    return recognize(await openLabelFile(path)) !== undefined;
  } catch (error) {
    if (error instanceof AnnotationError) return false; // a folder, or text in another encoding
    throw error;
  }
}

/** Whether a file may hold labels, by the ending of its name. */
function isLabelFileName(file: string): boolean {
  const extension = path.extname(file).toLowerCase();
  return annotationFormats.some(({ extensions }) => extensions.includes(extension));
}

/** The format of a file by its ending and content, if there is one. */
function recognize(file: LabelFile): AnnotationFormat | undefined {
  const extension = path.extname(file.path).toLowerCase();
  return annotationFormats.find((format) => format.extensions.includes(extension) && format.recognizes(file));
}

/**
 * The format of a file that a user says holds labels.
 *
 * @throws {AnnotationError} If no format knows its content.
 */
export function formatOf(file: LabelFile): AnnotationFormat {
  const extension = path.extname(file.path).toLowerCase();
  const format = recognize(file);
  if (format) return format;
  const candidates = annotationFormats.filter(({ extensions }) => extensions.includes(extension));
  // A table under any name; its reader says best what the header lacks.
  if (candidates.length === 0 || candidates.includes(csvSegmentsFormat)) return csvSegmentsFormat;
  const kinds = candidates.map(({ title }) => title).join(', ');
  throw new AnnotationError(
    `"${file.path}" is no label file: expected ${kinds}, as "${extension}" says, received ` +
      `${JSON.stringify(file.text.slice(0, 40))}. Export it again, or give the file its right ending.`,
    file.path,
  );
}
