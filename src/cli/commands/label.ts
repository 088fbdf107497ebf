import { Command, Option } from 'commander';
import { annotationFormats, findFormats } from '../../annotations/formats/formats.js';
import { publicSource } from '../../video/media-names.js';
import { findVideos, type FoundVideo } from '../../batch/find-videos.js';
import { labelVideos } from '../../batch/label-videos.js';
import type { BatchSummary } from '../../batch/summary.js';
import { UsageError } from '../../errors.js';
import { smoothingOf } from '../../labeler/model/model-smoothing.js';
import { ActivityRecognizer } from '../../recognizer.js';
import { prepareOutputFolder } from '../../runtime/output-file.js';
import { startBatchProgress } from '../terminal/batch-progress.js';
import { drawAll, drawOptions, formatsToWrite, type DrawOptions } from './draw-options.js';
import { labelLive, liveOptions } from './label-live.js';
import {
  grayLevels,
  limitOptions,
  limitsOf,
  machineOptions,
  positiveNumber,
  segmentOptions,
  smoothingRequest,
  wholeNumber,
  type MachineOptions,
  type SegmentOptions,
} from '../options.js';
import type { CommandOutcome } from '../command-outcome.js';
import { batchJson, filesOf, formatOutcome, formatSummary } from '../terminal/format-batch.js';
import { printJson, printNote, printResult, type Terminal } from '../terminal/terminal.js';
import { readVideoList } from './video-list.js';

interface LabelFlags extends MachineOptions, SegmentOptions, DrawOptions {
  model: string;
  output: string;
  format: string[];
  everyFrame?: boolean;
  probabilities?: boolean;
  start?: number;
  duration?: number;
  background?: string;
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
      '--background <label>',
      'label of frames outside of that, where every frame must have one: ms-tcn',
    )
    .option(
      '--skip-unchanged <levels>',
      'encode no frame that looks like the last one encoded: no part of it differs by so many gray levels, 0 to 255 (try 3)',
      grayLevels,
    )
    .option('--allow-remote', 'permit URLs beside local files')
    .option(
      '--stall-timeout <seconds>',
      'give up a video that gives nothing for so long (default: 30)',
      positiveNumber(),
    )
    .option(
      '--concurrency <n>',
      "videos decoded at a time, which share the encoder's threads; each takes an ffmpeg and its memory (default: 2)",
      wholeNumber(1),
    )
    .option('--retry-failed', 'try again what failed in an earlier run')
    .option('--overwrite', 'label again what an earlier run has done')
    .option('--json', 'print one JSON object about all videos, their label files and drawings on stdout');
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
    const drawings = await drawAll(terminal, summary, flags);
    if (flags.json) printJson(terminal, batchJson(summary, drawings));
    else printResult(terminal, ...filesOf(summary, drawings));
    if (summary.numVideos > 1) printNote(terminal, formatSummary(summary, flags.output));
    return { isAllDone: summary.numFailed === 0 && (drawings?.numFailed ?? 0) === 0 };
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
  const progress = startBatchProgress(terminal, videos.length, 'videos');
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
      background: flags.background,
      skipUnchanged: flags.skipUnchanged,
      allowRemote: flags.allowRemote,
      limits: limitsOf(flags),
      stallTimeoutMs: flags.stallTimeout === undefined ? undefined : 1000 * flags.stallTimeout,
      concurrency: flags.concurrency,
      overwrite: flags.overwrite,
      retryFailed: flags.retryFailed,
      signal: terminal.signal,
      onProgress: (source, step) => progress.advance(publicSource(source), step),
      onOutcome: (outcome) => {
        const numFrames = outcome.status === 'labelled' ? outcome.numFrames : undefined;
        progress.settle(publicSource(outcome.source), numFrames);
        printNote(terminal, ...formatOutcome(outcome));
      },
    });
  } catch (error) {
    if (terminal.signal.aborted)
      printNote(terminal, 'What is done is kept: the same command goes on from here.');
    throw error;
  } finally {
    progress.stop();
  }
}
