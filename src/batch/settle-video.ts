import path from 'node:path';
import { writeAnnotations } from '../annotations/formats/formats.js';
import { publicSource, redactAddresses } from '../addresses.js';
import {
  BackendError,
  EncoderError,
  FfmpegMissingError,
  FramewiseError,
  ModelError,
  OutputError,
  OutputNameError,
  UsageError,
  VideoChangedError,
} from '../errors.js';
import type { ActivityRecognizer, LabelOptions } from '../recognizer.js';
import { videoIdentity } from './find-videos.js';
import { isSameVideo, takeFingerprint, type Fingerprint } from './fingerprint.js';
import type { FailedEntry, Journal, JournalEntry, LabeledEntry, LabelResult } from './journal.js';
import { staysBelow } from '../runtime/input-file.js';
import type { Timeline } from '../timeline/timeline.js';
import type { FailedVideo, LabeledVideo, VideoOutcome } from './summary.js';
import { describeFiles, removeStale, statesOf } from './written-files.js';

/** How a video can end. */
type VideoStatus = 'labelled' | 'failed';

/** What the videos of a batch share. */
export interface Batch {
  recognizer: Pick<ActivityRecognizer, 'label' | 'model'>;
  journal: Journal;
  /** Hashes of the model and of the options on which a result, or a failure, depends. */
  settings: Record<VideoStatus, string>;
  outputDir: string;
  formats: readonly string[];
  includeProbabilities: boolean | undefined;
  escapeFormulas: boolean | undefined;
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
 * settled the video and neither the video, the model nor the options have changed since and its label files are there. A
 * video whose label files someone edited is never labeled again unless `isOverwriting`.
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
  const known = earlier && (await earlierOutcome(earlier, source, batch));
  if (known) return known;
  const settled = { video, name, input: await takeFingerprint(source) };
  const earlierFiles = earlier && earlier.status !== 'failed' ? earlier.files : [];
  try {
    const timeline = await labelUnchanged(source, settled.input, batch, options);
    const whole = { ...settled, settings: settings.labelled };
    if (earlierFiles.length > 0) await journal.append({ ...whole, status: 'replacing', files: earlierFiles });
    const entry: LabeledEntry = {
      ...whole,
      status: 'labelled',
      ...(await write(timeline, name, batch, options)),
    };
    await journal.append(entry);
    await removeStale(outputDir, earlierFiles, entry.files);
    return labeledVideo(source, entry, outputDir, { wallSec: (performance.now() - startMs) / 1000 });
  } catch (error) {
    if (options.signal.aborted || endsBatch(error)) throw error;
    const failure = describeFailure(error, source);
    const entry: FailedEntry = { ...settled, settings: settings.failed, status: 'failed', error: failure };
    await journal.append(entry);
    return failedVideo(source, entry, false);
  }
}

function endsBatch(error: unknown): boolean {
  return ENDS_BATCH.some((kind) => error instanceof kind) && !(error instanceof OutputNameError);
}

/** @returns What an earlier run has settled, or undefined if the video must be labeled. */
async function earlierOutcome(
  entry: JournalEntry,
  source: string,
  batch: Batch,
): Promise<VideoOutcome | undefined> {
  if (batch.isOverwriting || entry.status === 'replacing') return undefined;
  if (entry.status === 'failed') {
    const isSettled = !batch.isRetrying && (await stillHolds(entry, 'failed', source, batch));
    return isSettled ? failedVideo(source, entry, true) : undefined;
  }
  const states = await statesOf(batch.outputDir, entry.files);
  const isEdited = states.includes('edited');
  const isSettled = !states.includes('missing') && (await stillHolds(entry, 'labelled', source, batch));
  return isEdited || isSettled ? labeledVideo(source, entry, batch.outputDir, { isEdited }) : undefined;
}

async function stillHolds(
  entry: JournalEntry,
  status: VideoStatus,
  source: string,
  batch: Batch,
): Promise<boolean> {
  return entry.settings === batch.settings[status] && isSameVideo(source, entry.input);
}

/** Labels a video and checks that it did not change meanwhile. */
async function labelUnchanged(
  source: string,
  input: Fingerprint | null,
  { recognizer }: Batch,
  options: JobOptions,
): Promise<Timeline> {
  const timeline = await recognizer.label(source, options);
  if (await isSameVideo(source, input)) return timeline;
  const message = `"${source}" was changed, replaced or removed while it was read. Label it once it is complete.`;
  throw new VideoChangedError(message, source);
}

async function write(
  timeline: Timeline,
  name: string,
  { journal, outputDir, formats, includeProbabilities, escapeFormulas, background }: Batch,
  options: JobOptions,
): Promise<LabelResult> {
  await journal.expectInPlace(); // Before files are written into another folder.
  await expectBelow(outputDir, name);
  const isWhole = !options.startSec && options.durationSec === undefined;
  const text = { includeProbabilities, escapeFormulas, background, isWhole };
  const target = { formats, outputDir, baseName: name, ...text };
  const files = await describeFiles(outputDir, await writeAnnotations(timeline, target));
  const { frames, segments } = timeline;
  const videoSec = segments.reduce((sum, { startSec, endSec }) => sum + endSec - startSec, 0);
  return { files, numFrames: frames.length, numSegments: segments.length, videoSec };
}

/** @throws {OutputNameError} If the label files would be written outside the output folder, through a link in it. */
async function expectBelow(outputDir: string, name: string): Promise<void> {
  if (await staysBelow(outputDir, name)) return;
  const file = path.join(outputDir, name);
  const message = `"${path.dirname(file)}" is a link that leads out of the output folder. Remove it, or choose another folder.`;
  throw new OutputNameError(message, file);
}

/** A bug in framewise fails only the video that triggered it, so that a long batch continues. */
function describeFailure(error: unknown, source: string): FailedEntry['error'] {
  const isForeseen = error instanceof FramewiseError;
  const text = isForeseen
    ? error.message
    : `This is a bug in framewise, please report it: ${describeBug(error)}`;
  return {
    code: isForeseen ? error.code : 'ERR_FAULT',
    message: redactAddresses(text.replaceAll(source, publicSource(source))),
  };
}

function describeBug(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function labeledVideo(
  source: string,
  { files, numFrames, numSegments, videoSec }: LabeledEntry,
  outputDir: string,
  { wallSec, isEdited = false }: { wallSec?: number; isEdited?: boolean },
): LabeledVideo {
  const paths = files.map((file) => path.join(outputDir, file.path));
  const status = wallSec === undefined ? 'unchanged' : 'labelled';
  return { source, status, isEdited, numFrames, numSegments, videoSec, wallSec: wallSec ?? 0, files: paths };
}

function failedVideo(source: string, { error }: FailedEntry, isEarlier: boolean): FailedVideo {
  return { source, status: 'failed', error, isEarlier };
}
