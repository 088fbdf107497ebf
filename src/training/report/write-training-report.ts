import path from 'node:path';
import { writeFileAtomic } from '../../runtime/output-file.js';
import { takeReportPictures } from './report-pictures.js';
import type { TrainingReport } from './training-report.js';
import { describeVersions } from './versions.js';

/** Name of the report in a training's folder. */
const REPORT_FILE = 'report.html';

/**
 * Writes `report.html`: how a training went and what came out, as one page that needs nothing beside itself. It is a
 * few hundred kilobytes, however large the dataset, for `reportData` chooses what is shown. A video that cannot be read
 * is shown without pictures.
 *
 * @returns The file's path.
 * @throws {OutputError} If it cannot be written.
 * @throws The reason of `signal`, when it is aborted.
 */
export async function writeTrainingReport(
  outputDir: string,
  run: TrainingReport,
  { signal }: { signal?: AbortSignal } = {},
): Promise<string> {
  // The plotting library takes some tenths of a second to load, which labelling a video need not wait for.
  const { layOutReport } = await import('./report-page.js');
  const pictures = await takeReportPictures(run.results ?? { videos: [], hardest: [] }, signal);
  const file = path.join(outputDir, REPORT_FILE);
  await writeFileAtomic(file, layOutReport(run, await describeVersions(), pictures));
  return file;
}
