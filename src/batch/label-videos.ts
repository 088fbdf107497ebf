import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { findFormats } from '../annotations/formats/formats.js';
import { OutputError, UsageError } from '../errors.js';
import type { ActivityRecognizer, LabelOptions, LabelProgress } from '../recognizer.js';
import { mapConcurrently } from '../runtime/map-concurrently.js';
import { prepareOutputFolder, removeUnfinishedFiles } from '../runtime/output-file.js';
import { eachOnce, type FoundVideo } from './find-videos.js';
import { Journal } from './journal.js';
import { assignOutputNames } from './output-names.js';
import { lockOutputFolder } from './run-lock.js';
import { settleVideo, type Batch, type Job } from './settle-video.js';
import { summarize, SUMMARY_FILE, writeSummary, type BatchSummary, type VideoOutcome } from './summary.js';

/** Progress of one video of a batch. */
export interface VideoProgress extends LabelProgress {
  source: string;
}

/** How to label videos, and where to write the labels. */
export interface LabelVideosOptions extends Omit<LabelOptions, 'onProgress'> {
  /** Folder for the label files, created if missing. Only one run at a time may use it. */
  outputDir: string;
  /** Names of label formats. Default `['json']`. */
  formats?: readonly string[];
  /** Write the probability of every label, in formats that support it. Default false. */
  includeProbabilities?: boolean;
  /** Write `'` before texts in CSV files that a spreadsheet would take for a formula. Default false. */
  escapeFormulas?: boolean;
  /** Label for frames outside the range. Required if a range is labeled in a format that labels every frame. */
  background?: string;
  /** Videos at a time. They share the encoder's workers, so the workers stay busy while a video is opened. Default 2. */
  concurrency?: number;
  /** Label videos again that an earlier run has labeled, and replace label files that someone edited. Default false. */
  overwrite?: boolean;
  /** Try failed videos again even if the video, the model and the options are unchanged. Default false. */
  retryFailed?: boolean;
  /** Called when a video starts and as it advances. */
  onProgress?: (progress: VideoProgress) => void;
  /** Called when a video is settled. With several videos at a time, this may not be their order. */
  onOutcome?: (outcome: VideoOutcome) => void;
}

/**
 * Labels several videos at a time and writes their label files. If a video fails, the others continue. A journal in the
 * output folder records finished videos, so an interrupted or killed run resumes and writes the same files as an
 * uninterrupted one. A finished video is labeled again only if it, the model or an option changed. A label file that
 * someone edited is kept.
 *
 * @param videos - Paths or URLs, or results of `findVideos` (`framewise/stages`). Duplicates are labeled once.
 * @returns One outcome per video, in order. It is also written to `summary.json` in the output folder.
 * @throws {UsageError} If a format or an option is invalid. Nothing is labeled then.
 * @throws {OutputLockedError} If another run uses the same output folder.
 * @throws {OutputError} If the output cannot be written.
 * @throws {EncoderError | FfmpegMissingError} If something fails that every video needs.
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
    escapeFormulas,
    background,
    concurrency = 2,
    signal,
    ...rest
  } = options;
  const { overwrite = false, retryFailed = false, onProgress, onOutcome, ...labelOptions } = rest;
  expectBackground(formats, options);
  if (!(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new UsageError(`concurrency is ${concurrency}; expected a whole number, 1 or more.`);
  }
  const startMs = performance.now();
  await prepareOutputFolder(outputDir);
  const lock = await lockOutputFolder(outputDir, signal);
  try {
    const journal = await Journal.open(outputDir);
    try {
      const jobs = nameJobs(videos, journal);
      await tidy(outputDir, jobs);
      const batch = {
        ...{ recognizer, journal, outputDir, formats, includeProbabilities, escapeFormulas, background },
        ...{ isOverwriting: overwrite, isRetrying: retryFailed },
        settings: hashSettings(recognizer.model, {
          ...{ ...labelOptions, includeProbabilities, escapeFormulas, background },
          formats: [...new Set(formats)].sort(),
        }),
      };
      const settle = async (job: Job, end: AbortSignal): Promise<VideoOutcome> => {
        const { source } = job;
        const reportProgress = (progress: LabelProgress): void => onProgress?.({ source, ...progress });
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

/** Refuses a missing background label now instead of after the first video is labeled. */
function expectBackground(
  formats: readonly string[],
  { startSec = 0, durationSec, background }: LabelVideosOptions,
): void {
  const closed = findFormats(formats).find(({ holds }) => !holds.includes('gaps'));
  const isWhole = startSec === 0 && durationSec === undefined;
  if (closed === undefined || isWhole || background?.trim()) return;
  throw new UsageError(
    `${closed.title} label every frame, but only a range is to be labeled. Give a label for the other frames ` +
      `(background, --background on the command line), or choose another format than "${closed.name}".`,
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

/** Removes unfinished files of a killed run, and the summary of the last run. */
async function tidy(outputDir: string, jobs: readonly Job[]): Promise<void> {
  const folders = new Set(jobs.map(({ name }) => path.dirname(path.join(outputDir, name))));
  for (const folder of folders.add(outputDir)) await removeUnfinishedFiles(folder);
  await removeFile(path.join(outputDir, SUMMARY_FILE));
}

async function removeFile(file: string): Promise<void> {
  await rm(file, { force: true }).catch((cause: Error) => {
    throw new OutputError(`Cannot replace "${file}": ${cause.message}. Move it out of the way.`, file, {
      cause,
    });
  });
}

/**
 * Hashes everything that a result depends on. The encoder counts by its content, not by the path of its files. Limits and
 * timeouts only decide whether labeling fails, so they count for failures only.
 */
function hashSettings(
  model: ActivityRecognizer['model'],
  options: LabelOptions & { formats: string[] },
): Batch['settings'] {
  const shaping = {
    ...options,
    allowRemote: undefined,
    allowHosts: undefined,
    limits: undefined,
    stallTimeoutMs: undefined,
  };
  const hash = (all: object): string =>
    createHash('sha256')
      .update(JSON.stringify([{ ...model, encoder: model.encoderId }, all]))
      .digest('hex');
  return { labelled: hash(shaping), failed: hash(options) };
}
