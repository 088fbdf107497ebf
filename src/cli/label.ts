import path from 'node:path';
import { Command, Option } from 'commander';
import { annotationFormats, findFormats } from '../annotations/formats.js';
import { findVideos, type FoundVideo } from '../batch/find-videos.js';
import { labelVideos } from '../batch/label-videos.js';
import { SUMMARY_FILE, summaryJson, type BatchSummary, type VideoOutcome } from '../batch/summary.js';
import { UsageError } from '../errors.js';
import { smoothingOf } from '../labeler/model-smoothing.js';
import { ActivityRecognizer } from '../recognizer.js';
import { prepareOutputFolder } from '../runtime/output-file.js';
import { spellDuration, startBatchProgress } from './batch-progress.js';
import { drawAll, drawOptions, formatsToWrite, type DrawOptions } from './draw-options.js';
import { labelLive, liveOptions } from './label-live.js';
import {
  greyLevels,
  limitOptions,
  limitsOf,
  machineOptions,
  positiveNumber,
  segmentOptions,
  smoothingRequest,
  wholeNumber,
  type MachineOptions,
  type SegmentOptions,
} from './options.js';
import type { CommandOutcome } from './run-cli.js';
import { noteColors, printNote, printResult, type Terminal } from './terminal.js';
import { readVideoList } from './video-list.js';

interface LabelFlags extends MachineOptions, SegmentOptions, DrawOptions {
  model: string;
  output: string;
  format: string[];
  everyFrame?: boolean;
  probabilities?: boolean;
  start?: number;
  duration?: number;
  skipUnchanged?: number;
  allowRemote?: boolean;
  list?: string;
  stallTimeout?: number;
  concurrency?: number;
  retryFailed?: boolean;
  overwrite?: boolean;
  json?: boolean;
  live?: boolean;
}

/** `framewise label`. */
export function labelCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  const known = annotationFormats.map(({ name }) => name);
  const splitFormats = (text: string): string[] => text.split(',').map((name) => name.trim());
  const command = new Command('label')
    .description('Label videos, and folders of videos or pictures.')
    .argument(
      '[videos...]',
      "video files, folders with all below, and quoted patterns such as 'day-*/**/*.mp4'",
    )
    .option('--list <file>', 'more of them, one a line; - reads the list from stdin')
    .requiredOption('--model <dir>', 'folder of a trained model')
    .option('--output <dir>', 'folder for the label files; must be given, except with --live')
    .addOption(
      new Option('--format <names>', `label formats, separated by commas: ${known.join(', ')}`)
        .argParser(splitFormats)
        .default(['json', 'csv', 'vtt'], 'json,csv,vtt'),
    )
    .option('--every-frame', "one label a source frame at its own time, not at the model's rate")
    .option('--probabilities', 'write the probability of every label into the JSON')
    .option('--start <seconds>', 'first moment to label', positiveNumber({ orZero: true }))
    .option('--duration <seconds>', 'how much to label', positiveNumber())
    .option(
      '--skip-unchanged <levels>',
      'encode no frame that looks like the last one encoded: no part of it differs by so many grey levels, 0 to 255 (try 3)',
      greyLevels,
    )
    .option('--allow-remote', 'permit URLs beside local files')
    .option(
      '--stall-timeout <seconds>',
      'give up a video that gives nothing for so long (default: 30)',
      positiveNumber(),
    )
    .option('--concurrency <n>', 'videos at a time (default: 2)', wholeNumber(1))
    .option('--retry-failed', 'try again what failed in an earlier run')
    .option('--overwrite', 'label again what an earlier run has done')
    .option('--json', 'print one JSON object about all videos on stdout');
  const shared = [
    ...segmentOptions(),
    ...drawOptions(),
    ...liveOptions(),
    ...limitOptions(),
    ...machineOptions(),
  ];
  for (const option of shared) command.addOption(option);
  return command.action(async (videos: string[], flags: LabelFlags) => {
    if (flags.live) return report(await labelLive(terminal, videos, flags));
    if (flags.output === undefined) command.error("error: required option '--output <dir>' not specified");
    report(await label(terminal, videos, flags));
  });
}

async function label(terminal: Terminal, named: string[], flags: LabelFlags): Promise<CommandOutcome> {
  findFormats(flags.format);
  const listed = flags.list === undefined ? [] : await readVideoList(flags.list, terminal);
  const places = [...named, ...listed];
  if (places.length === 0) {
    throw new UsageError('Nothing to label: name videos, folders or patterns, or give a list with --list.');
  }
  await prepareOutputFolder(flags.output);
  const recognizer = await ActivityRecognizer.load(flags.model, flags);
  try {
    smoothingOf(recognizer.model, smoothingRequest(flags)); // What is impossible for one video is so for all.
    const summary = await labelAll(terminal, recognizer, await findVideos(places), flags);
    const drawn = await drawAll(terminal, summary, flags);
    if (flags.json) printResult(terminal, summaryJson(summary));
    else for (const file of [...labelFiles(summary), ...drawn.files]) printResult(terminal, file);
    if (summary.numVideos > 1) printNote(terminal, spellSummary(summary, flags.output));
    return { isAllDone: summary.numFailed === 0 && drawn.isAllDone };
  } finally {
    recognizer.dispose();
  }
}

async function labelAll(
  terminal: Terminal,
  recognizer: ActivityRecognizer,
  videos: readonly FoundVideo[],
  flags: LabelFlags,
): Promise<BatchSummary> {
  const progress = startBatchProgress(terminal, videos.length);
  try {
    return await labelVideos(recognizer, videos, {
      outputDir: flags.output,
      formats: formatsToWrite(flags.format, flags),
      includeProbabilities: flags.probabilities,
      everyFrame: flags.everyFrame,
      smoothing: smoothingRequest(flags),
      unknownBelow: flags.unknownBelow,
      startSec: flags.start,
      durationSec: flags.duration,
      skipUnchanged: flags.skipUnchanged,
      allowRemote: flags.allowRemote,
      limits: limitsOf(flags),
      stallTimeoutMs: flags.stallTimeout === undefined ? undefined : 1000 * flags.stallTimeout,
      concurrency: flags.concurrency,
      overwrite: flags.overwrite,
      retryFailed: flags.retryFailed,
      signal: terminal.signal,
      onProgress: (source, advance) => progress.advance(source, advance),
      onOutcome: (outcome) => {
        progress.settle(outcome.source, outcome.status === 'labelled' ? outcome.numFrames : undefined);
        progress.note(spellOutcome(outcome, noteColors(terminal)));
      },
    });
  } catch (error) {
    if (terminal.signal.aborted) progress.note('What is done is kept: the same command goes on from here.');
    throw error;
  } finally {
    progress.stop();
  }
}

function labelFiles({ videos }: BatchSummary): string[] {
  return videos.flatMap((video) => (video.status === 'failed' ? [] : video.files));
}

function spellOutcome(outcome: VideoOutcome, { green, red, dim }: ReturnType<typeof noteColors>): string {
  if (outcome.status === 'failed') {
    const hint = outcome.isEarlier ? ' (in an earlier run; --retry-failed tries again)' : '';
    return `${red('failed')} ${outcome.source}: ${outcome.error.message}${hint}`;
  }
  const { source, numFrames, numSegments } = outcome;
  const status = outcome.status === 'labelled' ? green('labelled') : dim('unchanged');
  return `${status} ${source}: ${numFrames} frames, ${numSegments} segments`;
}

function spellSummary(summary: BatchSummary, output: string): string {
  const { numVideos, numLabelled, numUnchanged, numFailed, numFrames, videoSec, wallSec } = summary;
  const earlier = numUnchanged > 0 ? `, ${numUnchanged} of them in an earlier run` : '';
  const failed = numFailed > 0 ? ` ${numFailed} failed: see ${path.join(output, SUMMARY_FILE)}.` : '';
  const pace =
    `${numFrames} frames, ${spellDuration(videoSec)} of video in ${spellDuration(wallSec)}, ` +
    `${summary.framesPerSec.toFixed(1)} frames a second.`;
  return `${numLabelled + numUnchanged} of ${numVideos} videos labelled${earlier}.${failed} ${pace}`;
}
