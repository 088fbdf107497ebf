import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { findFormats } from '../annotations/formats/formats.js';
import { UsageError } from '../errors.js';
import type { ActivityRecognizer, LabelOptions } from '../recognizer.js';
import { mapConcurrently } from '../runtime/map-concurrently.js';
import { prepareOutputFolder, removeUnfinishedFiles } from '../runtime/output-file.js';
import { eachOnce, type FoundVideo } from './find-videos.js';
import { Journal } from './journal.js';
import { assignOutputNames } from './output-names.js';
import { lockOutputFolder } from './run-lock.js';
import { settleVideo, type Batch, type Job } from './settle-video.js';
import { summarize, SUMMARY_FILE, writeSummary, type BatchSummary, type VideoOutcome } from './summary.js';

type LabelProgress = Parameters<NonNullable<LabelOptions['onProgress']>>[0];

/** How videos are labeled and where the labels go. */
export interface LabelVideosOptions extends Omit<LabelOptions, 'onProgress'> {
  /** Folder for the label files, which this run has for itself; made if missing. */
  outputDir: string;
  /** Names of label formats. Default `json`. */
  formats?: readonly string[];
  /** Write the probability of every label where a format has a place for it. */
  includeProbabilities?: boolean | undefined;
  /**
   * The label of frames outside of `startSec` and `durationSec`, for formats that label every frame, which without it are
   * refused for a stretch.
   */
  background?: string | undefined;
  /** Videos at a time; they share the encoder's workers, and while one is opened the others use them. Default 2. */
  concurrency?: number | undefined;
  /** Label again what an earlier run has done. Default false. */
  overwrite?: boolean | undefined;
  /** Try again what failed in an earlier run. Default false: only if the video, the model or the options have changed. */
  retryFailed?: boolean | undefined;
  /** Called as a video is begun and as it advances, with the seconds done and its length, 0 if unknown. */
  onProgress?: (source: string, progress: LabelProgress) => void;
  /** Called as soon as a video is settled; with several at a time not in their order. */
  onOutcome?: (outcome: VideoOutcome) => void;
}

/**
 * Labels videos, some at a time with all cores at work, and writes their label files. A video that fails is reported, and
 * the rest go on. A journal in the output folder remembers what is done, so that a run that was interrupted or killed goes
 * on where it was, to the same files as one that was not; what has changed since is labeled again.
 *
 * @param videos - Each is labeled once, however often it is named.
 * @returns One outcome a video, in order; also written to `summary.json` in the output folder.
 * @throws {UsageError} If a format or an option is impossible; nothing is labeled then.
 * @throws {OutputLockedError} If another run labels into the same folder.
 * @throws {OutputError} If the output cannot be written: the next video's could not either.
 * @throws {EncoderError | FfmpegMissingError} If what every video needs is gone.
 */
export async function labelVideos(
  recognizer: Pick<ActivityRecognizer, 'label' | 'model'>,
  videos: readonly (string | FoundVideo)[],
  options: LabelVideosOptions,
): Promise<BatchSummary> {
  const {
    outputDir,
    formats = ['json'],
    includeProbabilities,
    background,
    concurrency = 2,
    signal,
    ...rest
  } = options;
  const { overwrite = false, retryFailed = false, onProgress, onOutcome, ...labelOptions } = rest;
  expectBackground(formats, options);
  if (!(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new UsageError(
      `The number of videos at a time is ${concurrency}; expected a whole number, 1 or more.`,
    );
  }
  const startMs = performance.now();
  await prepareOutputFolder(outputDir);
  const lock = await lockOutputFolder(outputDir);
  try {
    const journal = await Journal.open(outputDir);
    try {
      const jobs = nameJobs(videos, journal);
      await tidy(outputDir, jobs);
      const batch = {
        ...{ recognizer, journal, outputDir, formats, includeProbabilities, background },
        ...{ isOverwriting: overwrite, isRetrying: retryFailed },
        settings: hashSettings(recognizer.model, {
          ...{ ...labelOptions, includeProbabilities, background },
          formats: [...new Set(formats)].sort(),
        }),
      };
      const settle = async (job: Job, end: AbortSignal): Promise<VideoOutcome> => {
        const reportProgress = (progress: LabelProgress): void => onProgress?.(job.source, progress);
        reportProgress({ doneSec: 0, durationSec: 0, numFrames: 0 });
        const forVideo = { ...labelOptions, signal: end, onProgress: reportProgress };
        const outcome = await settleVideo(job, batch, forVideo);
        onOutcome?.(outcome);
        return outcome;
      };
      const outcomes = await mapConcurrently(jobs, concurrency, settle, signal);
      const summary = summarize(outcomes, (performance.now() - startMs) / 1000);
      await writeSummary(outputDir, summary);
      return summary;
    } finally {
      await journal.close();
    }
  } finally {
    await lock.release();
  }
}

/** What only shows when the first video is labeled would show late. */
function expectBackground(
  formats: readonly string[],
  { startSec = 0, durationSec, background }: LabelVideosOptions,
): void {
  const closed = findFormats(formats).find(({ holds }) => !holds.includes('gaps'));
  const isWhole = startSec === 0 && durationSec === undefined;
  if (closed === undefined || isWhole || background?.trim()) return;
  throw new UsageError(
    `${closed.title} say something of every frame, and only a stretch is to be labeled. Name the label of the other ` +
      `frames (background, --background on the command line), or choose another format than "${closed.name}".`,
  );
}

function nameJobs(videos: readonly (string | FoundVideo)[], journal: Journal): Job[] {
  const located = videos.map((video) =>
    typeof video === 'string' ? { source: video, subfolder: '' } : video,
  );
  const each = eachOnce(located);
  const names = assignOutputNames(each, journal.names());
  return each.map(({ source }, index) => ({ source, name: names[index] as string }));
}

/** Takes away what a killed run left half-written, and the summary, which is of another run. */
async function tidy(outputDir: string, jobs: readonly Job[]): Promise<void> {
  const folders = new Set(jobs.map(({ name }) => path.dirname(path.join(outputDir, name))));
  for (const folder of folders.add(outputDir)) await removeUnfinishedFiles(folder);
  await rm(path.join(outputDir, SUMMARY_FILE), { force: true });
}

/** Where the encoder's files lie shapes no result, what they are does; some options only let labeling succeed or fail. */
function hashSettings(
  model: ActivityRecognizer['model'],
  options: LabelOptions & { formats: string[] },
): Batch['settings'] {
  const shaping = { ...options, allowRemote: undefined, limits: undefined, stallTimeoutMs: undefined };
  const hash = (all: object): string =>
    createHash('sha256')
      .update(JSON.stringify([{ ...model, encoder: model.encoderId }, all]))
      .digest('hex');
  return { labelled: hash(shaping), failed: hash(options) };
}
