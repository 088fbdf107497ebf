import path from 'node:path';
import { countDrawings, drawBatch, type BatchDrawings, type DrawingEvent } from '../../batch/draw-batch.js';
import { findVideos, type FoundVideo } from '../../batch/find-videos.js';
import { labelVideos } from '../../batch/label-videos.js';
import { publicSummary, SUMMARY_FILE, type BatchSummary, type VideoOutcome } from '../../batch/summary.js';
import { formatCount } from '../../format-count.js';
import { smoothingOf } from '../../labeler/model/model-smoothing.js';
import { ActivityRecognizer } from '../../recognizer.js';
import { prepareOutputFolder } from '../../runtime/output-file.js';
import { publicSource } from '../../addresses.js';
import {
  limitsOf,
  smoothingRequest,
  type LimitOptions,
  type MachineOptions,
  type SegmentOptions,
} from '../options.js';
import { startBatchProgress } from '../terminal/progress.js';
import { formatDuration } from '../terminal/terminal-text.js';
import {
  printJson,
  printNote,
  printResult,
  printStatus,
  type CommandOutcome,
  type Mark,
  type Terminal,
} from '../terminal/terminal.js';

/** Flags of `framewise label` for a batch of videos. */
export interface BatchFlags extends MachineOptions, SegmentOptions, LimitOptions {
  model: string;
  output: string;
  format: string[];
  everyFrame?: boolean;
  probabilities?: boolean;
  escapeFormulas?: boolean;
  start?: number;
  duration?: number;
  background?: string;
  skipUnchanged?: number;
  allowRemote?: boolean;
  stream?: number;
  allowHost?: string[];
  stallTimeout?: number;
  concurrency?: number;
  retryFailed?: boolean;
  overwrite?: boolean;
  overlay?: boolean;
  contactSheet?: boolean;
  report?: boolean;
  json?: boolean;
}

/**
 * Runs `framewise label` without `--live`.
 *
 * @param places - Videos, folders and patterns.
 */
export async function labelBatch(
  terminal: Terminal,
  places: readonly string[],
  flags: BatchFlags,
): Promise<CommandOutcome> {
  await prepareOutputFolder(flags.output);
  const recognizer = await ActivityRecognizer.load(flags.model, flags);
  try {
    smoothingOf(recognizer.model, smoothingRequest(flags)); // Fails now instead of once per video.
    const summary = await labelAll(terminal, recognizer, await findVideos(places), flags);
    const drawings = await drawAll(terminal, summary, flags);
    if (flags.json) printJson(terminal, batchJson(summary, drawings));
    else printResult(terminal, ...filesOf(summary, drawings));
    if (summary.numVideos > 1) {
      const print = summary.numFailed > 0 ? printNote : printStatus;
      print(terminal, formatSummary(summary, flags.output));
    }
    return { isAllDone: summary.numFailed === 0 && (drawings?.numFailed ?? 0) === 0 };
  } finally {
    recognizer.dispose();
  }
}

async function labelAll(
  terminal: Terminal,
  recognizer: ActivityRecognizer,
  videos: readonly FoundVideo[],
  flags: BatchFlags,
): Promise<BatchSummary> {
  const progress = startBatchProgress(terminal, videos.length, 'videos');
  try {
    return await labelVideos(recognizer, videos, {
      outputDir: flags.output,
      formats: formatsToWrite(flags),
      includeProbabilities: flags.probabilities,
      escapeFormulas: flags.escapeFormulas,
      everyFrame: flags.everyFrame,
      smoothing: smoothingRequest(flags),
      unknownBelow: flags.unknownBelow,
      startSec: flags.start,
      durationSec: flags.duration,
      background: flags.background,
      skipUnchanged: flags.skipUnchanged,
      allowRemote: flags.allowRemote,
      allowHosts: flags.allowHost,
      stream: flags.stream,
      limits: limitsOf(flags),
      stallTimeoutMs: flags.stallTimeout === undefined ? undefined : 1000 * flags.stallTimeout,
      concurrency: flags.concurrency,
      overwrite: flags.overwrite,
      retryFailed: flags.retryFailed,
      signal: terminal.signal,
      onProgress: ({ source, ...step }) => progress.advance(publicSource(source), step),
      onOutcome: (outcome) => {
        const numFrames = outcome.status === 'labelled' ? outcome.numFrames : undefined;
        progress.settle(publicSource(outcome.source), numFrames);
        const print = outcome.status === 'failed' || outcome.isEdited ? printNote : printStatus;
        print(terminal, ...formatOutcome(outcome));
      },
    });
  } catch (error) {
    if (terminal.signal.aborted)
      printStatus(terminal, 'Finished videos are kept. Run the same command again to continue.');
    throw error;
  } finally {
    progress.stop();
  }
}

/** Adds the format `json` if drawings are requested, because they are made from the JSON label files. */
function formatsToWrite(flags: BatchFlags): string[] {
  const { format } = flags;
  return wantsDrawings(flags) && !format.includes('json') ? [...format, 'json'] : format;
}

/**
 * Makes the requested drawings and reports those that fail.
 *
 * @returns The drawings, or undefined if none were requested.
 */
async function drawAll(
  terminal: Terminal,
  summary: BatchSummary,
  flags: BatchFlags,
): Promise<BatchDrawings | undefined> {
  if (!wantsDrawings(flags)) return undefined;
  const { output, overlay, contactSheet, report, allowRemote, stream, stallTimeout } = flags;
  const request = {
    ...{ outputDir: output, overlay, contactSheet, report, allowRemote, stream, limits: limitsOf(flags) },
    allowHosts: flags.allowHost,
    stallTimeoutMs: stallTimeout === undefined ? undefined : 1000 * stallTimeout,
  };
  const progress = startBatchProgress(terminal, countDrawings(summary, request), 'drawings');
  const show = (event: DrawingEvent): void => {
    const name = `${publicSource(event.source)}: ${event.what}`;
    if (event.status === 'begun') return progress.advance(`drawing ${name}`);
    if (event.status === 'advanced') return progress.advance(`drawing ${name}`, { ...event, numFrames: 0 });
    progress.settle(`drawing ${name}`, event.status === 'kept' ? undefined : 0);
    if (event.status === 'failed') printNote(terminal, `${name}: ${event.error.message}`, 'not drawn');
  };
  try {
    return await drawBatch(summary, { ...request, signal: terminal.signal, onDrawing: show });
  } finally {
    progress.stop();
  }
}

function wantsDrawings({ overlay, contactSheet, report }: BatchFlags): boolean {
  return Boolean(overlay || contactSheet || report);
}

/** Formats the outcome of one video as a line for stderr. */
function formatOutcome(outcome: VideoOutcome): [text: string, mark: Mark] {
  const source = publicSource(outcome.source);
  if (outcome.status === 'failed') {
    const hint = outcome.isEarlier ? ' (in an earlier run; --retry-failed tries again)' : '';
    return [`${source}: ${outcome.error.message}${hint}`, 'failed'];
  }
  if (outcome.isEdited) return [`${source}: its label files were edited; --overwrite replaces them`, 'kept'];
  const mark = outcome.status === 'labelled' ? 'labeled' : outcome.status;
  const [frames, segments] = [
    formatCount(outcome.numFrames, 'frame'),
    formatCount(outcome.numSegments, 'segment'),
  ];
  return [`${source}: ${frames}, ${segments}`, mark];
}

/** Formats the result of a batch as one line. */
function formatSummary(summary: BatchSummary, outputDir: string): string {
  const { numVideos, numLabelled, numUnchanged, numEdited, numFailed, numFrames, videoSec, wallSec } =
    summary;
  const edited = numEdited > 0 ? ` (${numEdited} edited and kept)` : '';
  const earlier = numUnchanged > 0 ? `, ${numUnchanged} of them in an earlier run${edited}` : '';
  const failed = numFailed > 0 ? ` ${numFailed} failed: see ${path.join(outputDir, SUMMARY_FILE)}.` : '';
  const pace =
    `${numFrames} frames, ${formatDuration(videoSec)} of video in ${formatDuration(wallSec)}, ` +
    `${summary.framesPerSec.toFixed(1)} frames per second.`;
  return `${numLabelled + numUnchanged} of ${numVideos} videos labeled${earlier}.${failed} ${pace}`;
}

/** Lists the files of a batch: label files in the order of the videos, then drawings, then the report page. */
function filesOf({ videos }: BatchSummary, drawings: BatchDrawings | undefined): string[] {
  const labelFiles = videos.flatMap((video) => (video.status === 'failed' ? [] : video.files));
  const drawn = drawings?.videos.flatMap(({ files }) => files) ?? [];
  return [...labelFiles, ...drawn, ...(drawings?.report === undefined ? [] : [drawings.report])];
}

/** The object that `--json` prints: the summary, and the drawings of each video if drawings were requested. */
function batchJson(summary: BatchSummary, drawings: BatchDrawings | undefined): object {
  const shown = publicSummary(summary);
  if (!drawings) return shown;
  const ofSource = new Map(drawings.videos.map((video) => [publicSource(video.source), video]));
  const videos = shown.videos.map((video) => {
    const drawn = ofSource.get(video.source);
    return drawn ? { ...video, drawings: drawn.files, drawingFailures: drawn.failures } : video;
  });
  return { ...shown, numDrawingsFailed: drawings.numFailed, report: drawings.report ?? null, videos };
}
