import path from 'node:path';
import { UsageError } from '../../errors.js';
import { writeFileAtomic } from '../../runtime/output-file.js';
import type { Timeline } from '../../timeline/timeline.js';
import { activityNetFormat } from './activitynet.js';
import type { AnnotationFormat, WriteOptions } from '../annotation-format.js';
import { audacityFormat } from './audacity.js';
import { borisFormat } from './boris.js';
import { csvFramesFormat } from './csv-frames.js';
import { csvSegmentsFormat } from './csv-segments.js';
import { cvatFormat } from './cvat.js';
import { elanFormat } from './elan.js';
import { jsonFormat } from './json.js';
import { jsonLinesFormat } from './json-lines.js';
import { labelStudioFormat } from './label-studio.js';
import { msTcnFormat } from './ms-tcn.js';
import { srtFormat, webvttFormat } from './subtitles.js';
import { viaFormat } from './via.js';

/**
 * All formats of label files. To add one, write a module and list it here. A file is read with the first format that
 * recognizes it.
 */
export const annotationFormats: readonly AnnotationFormat[] = [
  jsonFormat,
  jsonLinesFormat,
  csvSegmentsFormat,
  csvFramesFormat,
  webvttFormat,
  srtFormat,
  elanFormat,
  labelStudioFormat,
  cvatFormat,
  viaFormat,
  borisFormat,
  audacityFormat,
  activityNetFormat,
  msTcnFormat,
];

/**
 * Finds formats by name, without duplicates. Call it before labeling, so that a wrong name is reported early.
 *
 * @throws {UsageError} If a name is unknown; the message lists all formats.
 */
export function findFormats(names: readonly string[]): AnnotationFormat[] {
  return [...new Set(names)].map((name) => {
    const format = annotationFormats.find((candidate) => candidate.name === name);
    if (format) return format;
    const known = annotationFormats.map((candidate) => candidate.name).join(', ');
    throw new UsageError(`Unknown label format "${name}". Choose from ${known}.`);
  });
}

/** Where and how to write the label files of one video. */
export interface AnnotationTarget extends WriteOptions {
  /** Names of the formats, such as `json` and `csv`. */
  formats: readonly string[];
  /** Output folder; created if missing. */
  outputDir: string;
  /** Name of the files without extension. */
  baseName: string;
}

/**
 * Writes a timeline in each format to `<outputDir>/<baseName><extension>`. Each file is written completely or not at all.
 *
 * @returns Paths of the files, in the order of the formats.
 * @throws {UsageError} If a format is unknown. Nothing is written in that case.
 * @throws {OutputError} If a file cannot be written.
 */
export async function writeAnnotations(timeline: Timeline, target: AnnotationTarget): Promise<string[]> {
  const files: string[] = [];
  for (const format of findFormats(target.formats)) {
    const file = path.join(target.outputDir, target.baseName + format.extension);
    await writeFileAtomic(file, format.write(timeline, target));
    files.push(file);
  }
  return files;
}
