import os from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { FfmpegMissingError } from '../../errors.js';
import { FRAMEWISE_VERSION } from '../../version.js';
import { findFfmpeg } from '../../ffmpeg/find-ffmpeg.js';
import { writeFileAtomic } from '../../runtime/output-file.js';
import type { TrainingReport } from './report-data.js';
import { takeReportPictures } from './report-pictures.js';

/** Name of the report in the output folder. */
const REPORT_FILE = 'report.html';

/**
 * Writes `report.html`: the course and the results of a training as one self-contained page. The page stays at a few
 * hundred kilobytes however large the dataset is, because `reportData` limits what is shown. A video that cannot be read
 * is shown without pictures.
 *
 * @returns Path of the file.
 * @throws {OutputError} If the file cannot be written.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function writeTrainingReport(
  outputDir: string,
  report: TrainingReport,
  { signal }: { signal?: AbortSignal } = {},
): Promise<string> {
  // The plotting library takes a few tenths of a second to load. Commands that draw no report need not wait for it.
  const { layOutReport } = await import('./report-page.js');
  const pictures = await takeReportPictures(report.results ?? { videos: [], hardest: [] }, signal);
  const file = path.join(outputDir, REPORT_FILE);
  await writeFileAtomic(file, layOutReport(report, await describeVersions(), pictures));
  return file;
}

/** Versions of what this process runs on, by name. The backend is the current one. */
async function describeVersions(): Promise<Record<string, string>> {
  const ffmpeg = await findFfmpeg().catch((error: unknown) => {
    if (error instanceof FfmpegMissingError) return undefined;
    throw error;
  });
  return {
    framewise: FRAMEWISE_VERSION,
    Node: process.version,
    'TensorFlow.js': tf.version_core,
    backend: tf.getBackend() || 'none',
    ffmpeg: ffmpeg ? `${ffmpeg.version} (${ffmpeg.origin})` : 'none',
    platform: `${os.platform()} ${os.arch()}, ${os.availableParallelism()} cores`,
  };
}
