import path from 'node:path';
import { writeAnnotations } from '../annotations/formats/formats.js';
import { publicSource } from '../video/media-names.js';
import {
  BackendError,
  EncoderError,
  FfmpegMissingError,
  FramewiseError,
  ModelError,
  OutputError,
  UsageError,
  VideoChangedError,
} from '../errors.js';
import type { ActivityRecognizer, LabelOptions } from '../recognizer.js';
import { videoIdentity } from './find-videos.js';
import { isSameVideo, takeFingerprint, type Fingerprint } from './fingerprint.js';
import type { FailedEntry, Journal, JournalEntry, LabeledEntry, LabelResult } from './journal.js';
import type { FailedVideo, LabeledVideo, VideoOutcome } from './summary.js';
import { areIntact, describeFiles, removeStale } from './written-files.js';

/** What the videos of a batch share. */
export interface Batch {
  recognizer: Pick<ActivityRecognizer, 'label' | 'model'>;
  journal: Journal;
  /** Hashes of the model and of the options on which a result, or a failure, depends. */
  settings: Record<JournalEntry['status'], string>;
  outputDir: string;
  formats: readonly string[];
  includeProbabilities: boolean | undefined;
  background: string | undefined;
  /** Label finished videos again. */
  isOverwriting: boolean;
  /** Try failed videos again. */
  isRetrying: boolean;
}

/** A video of a batch. */
export interface Job {
  source: string;
  /** Name of the label files below the output folder, without extension. */
  name: string;
}

type JobOptions = LabelOptions & { signal: AbortSignal };

/** Errors that every other video of the batch would hit, too. */
const ENDS_BATCH = [BackendError, EncoderError, FfmpegMissingError, ModelError, OutputError, UsageError];

/**
 * Labels a video, writes its label files, and then appends its entry to the journal. Does nothing if an earlier run has
 * settled the video and neither the video, the model, the options nor the label files have changed since.
 *
 * @returns The outcome. A failure is an outcome, too.
 * @throws The signal's reason, or an error that every other video would hit.
 */
export async function settleVideo(job: Job, batch: Batch, options: JobOptions): Promise<VideoOutcome> {
  const { source, name } = job;
  const { journal, settings, outputDir } = batch;
  const startMs = performance.now();
  const video = videoIdentity(source);
  const earlier = journal.entryOf(video);
  if (earlier && (await stillHolds(earlier, source, batch))) {
    return earlier.status === 'failed'
      ? failedVideo(source, earlier, true)
      : labeledVideo(source, earlier, outputDir);
  }
  const settled = { video, name, input: await takeFingerprint(source) };
  try {
    const result = await labelAndWrite(job, settled.input, batch, options);
    const entry: LabeledEntry = { ...settled, settings: settings.labelled, status: 'labelled', ...result };
    await journal.append(entry);
    if (earlier?.status === 'labelled') await removeStale(outputDir, earlier.files, result.files);
    return labeledVideo(source, entry, outputDir, (performance.now() - startMs) / 1000);
  } catch (error) {
    if (options.signal.aborted || ENDS_BATCH.some((kind) => error instanceof kind)) throw error;
    const failure = describeFailure(error, source);
    const entry: FailedEntry = { ...settled, settings: settings.failed, status: 'failed', error: failure };
    await journal.append(entry);
    return failedVideo(source, entry, false);
  }
}

async function stillHolds(entry: JournalEntry, source: string, batch: Batch): Promise<boolean> {
  if (batch.isOverwriting || entry.settings !== batch.settings[entry.status]) return false;
  if (entry.status === 'failed' && batch.isRetrying) return false;
  if (!(await isSameVideo(source, entry.input))) return false;
  return entry.status === 'failed' || areIntact(batch.outputDir, entry.files);
}

async function labelAndWrite(
  { source, name }: Job,
  input: Fingerprint | null,
  { recognizer, journal, outputDir, formats, includeProbabilities, background }: Batch,
  options: JobOptions,
): Promise<LabelResult> {
  const timeline = await recognizer.label(source, options);
  if (!(await isSameVideo(source, input))) {
    const message = `"${source}" was changed, replaced or removed while it was read. Label it once it is complete.`;
    throw new VideoChangedError(message, source);
  }
  await journal.expectInPlace(); // Before files are written into another folder.
  const isWhole = !options.startSec && options.durationSec === undefined;
  const target = { formats, outputDir, baseName: name, includeProbabilities, background, isWhole };
  const files = await describeFiles(outputDir, await writeAnnotations(timeline, target));
  const { frames, segments } = timeline;
  const videoSec = segments.reduce((sum, { startSec, endSec }) => sum + endSec - startSec, 0);
  return { files, numFrames: frames.length, numSegments: segments.length, videoSec };
}

/** A bug in framewise fails only the video that triggered it, so that a long batch continues. */
function describeFailure(error: unknown, source: string): FailedEntry['error'] {
  const isForeseen = error instanceof FramewiseError;
  const text = isForeseen
    ? error.message
    : `This is a bug in framewise, please report it: ${describeBug(error)}`;
  return {
    code: isForeseen ? error.code : 'ERR_FAULT',
    message: text.replaceAll(source, publicSource(source)),
  };
}

function describeBug(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function labeledVideo(
  source: string,
  { files, numFrames, numSegments, videoSec }: LabeledEntry,
  outputDir: string,
  wallSec?: number,
): LabeledVideo {
  const paths = files.map((file) => path.join(outputDir, file.path));
  const status = wallSec === undefined ? 'unchanged' : 'labelled';
  return { source, status, numFrames, numSegments, videoSec, wallSec: wallSec ?? 0, files: paths };
}

function failedVideo(source: string, { error }: FailedEntry, isEarlier: boolean): FailedVideo {
  return { source, status: 'failed', error, isEarlier };
}
