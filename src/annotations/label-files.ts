import path from 'node:path';
import { AnnotationError } from '../errors.js';
import { activityNetReader } from './activitynet.js';
import {
  checkSegments,
  separateSegments,
  type AnnotatedSegment,
  type LabelOverlap,
} from './annotated-segments.js';
import type { AnnotationReader, LabelFile, ReadContext } from './annotation-reader.js';
import { audacityReader } from './audacity.js';
import { borisReader } from './boris.js';
import { segmentsCsvReader } from './csv-segments.js';
import { cvatReader } from './cvat.js';
import { elanReader } from './elan.js';
import { timelineJsonReader } from './json.js';
import { labelStudioReader } from './label-studio.js';
import { openLabelFile } from './open-label-file.js';
import { srtReader } from './srt.js';
import { viaReader } from './via.js';
import { webvttReader } from './webvtt.js';

/** Every kind of label file that can be read. A new one is one module and one line here. */
const annotationReaders: readonly AnnotationReader[] = [
  segmentsCsvReader,
  borisReader,
  elanReader,
  cvatReader,
  timelineJsonReader,
  activityNetReader,
  labelStudioReader,
  viaReader,
  audacityReader,
  webvttReader,
  srtReader,
];

/** A label file after reading. */
export interface LabelledFile {
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
export async function readLabelFile(path: string, context: ReadContext = {}): Promise<LabelledFile> {
  const file = await openLabelFile(path);
  const reader = readerOf(file);
  const checked = checkSegments(await reader.read(file, context), path, context);
  const { mayListAbsentVideos = false } = reader;
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
  return annotationReaders.some(({ extensions }) => extensions.includes(extension));
}

/** The reader of a file by its ending and content, if there is one. */
function recognize(file: LabelFile): AnnotationReader | undefined {
  const extension = path.extname(file.path).toLowerCase();
  return annotationReaders.find((reader) => reader.extensions.includes(extension) && reader.recognizes(file));
}

/**
 * The reader of a file that a user says holds labels.
 *
 * @throws {AnnotationError} If no reader knows its content.
 */
function readerOf(file: LabelFile): AnnotationReader {
  const extension = path.extname(file.path).toLowerCase();
  const reader = recognize(file);
  if (reader) return reader;
  const candidates = annotationReaders.filter(({ extensions }) => extensions.includes(extension));
  // A table under any name; its reader says best what the header lacks.
  if (candidates.length === 0 || candidates.includes(segmentsCsvReader)) return segmentsCsvReader;
  const kinds = candidates.map(({ name }) => name).join(', ');
  throw new AnnotationError(
    `"${file.path}" is no label file: expected ${kinds}, as "${extension}" says, received ` +
      `${JSON.stringify(file.text.slice(0, 40))}. Export it again, or give the file its right ending.`,
    file.path,
  );
}
