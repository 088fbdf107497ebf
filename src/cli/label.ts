import { Command, Option } from 'commander';
import { annotationFormats, findFormats } from '../annotations/formats.js';
import { findVideos } from '../batch/find-videos.js';
import { labelVideos, type VideoOutcome } from '../batch/label-videos.js';
import { smoothingOf } from '../labeler/model-smoothing.js';
import { ActivityRecognizer } from '../recognizer.js';
import { prepareOutputFolder } from '../runtime/output-file.js';
import {
  limitOptions,
  limitsOf,
  machineOptions,
  positiveNumber,
  segmentOptions,
  smoothingRequest,
  type LimitOptions,
  type MachineOptions,
  type SegmentOptions,
} from './options.js';
import type { CommandOutcome } from './run-cli.js';
import { noteColors, printNote, printResult, startProgress, type Terminal } from './terminal.js';

interface LabelFlags extends MachineOptions, SegmentOptions, LimitOptions {
  model: string;
  output: string;
  format: string[];
  everyFrame?: boolean;
  probabilities?: boolean;
  start?: number;
  duration?: number;
  allowRemote?: boolean;
  json?: boolean;
}

/** `framewise label`. */
export function labelCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  const known = annotationFormats.map(({ name }) => name);
  const splitFormats = (text: string): string[] => text.split(',').map((name) => name.trim());
  const command = new Command('label')
    .description('Label videos, and folders of videos or pictures.')
    .argument('<videos...>', 'video files and folders')
    .requiredOption('--model <dir>', 'folder of a trained model')
    .requiredOption('--output <dir>', 'folder for the label files')
    .addOption(
      new Option('--format <names>', `label formats, separated by commas: ${known.join(', ')}`)
        .argParser(splitFormats)
        .default(['json', 'csv', 'vtt'], 'json,csv,vtt'),
    )
    .option('--every-frame', "one label a source frame at its own time, not at the model's rate")
    .option('--probabilities', 'write the probability of every label into the JSON')
    .option('--start <seconds>', 'first moment to label', positiveNumber({ orZero: true }))
    .option('--duration <seconds>', 'how much to label', positiveNumber())
    .option('--allow-remote', 'permit URLs beside local files')
    .option('--json', 'print one JSON object about all videos on stdout');
  for (const option of [...segmentOptions(), ...limitOptions(), ...machineOptions()])
    command.addOption(option);
  return command.action(async (videos: string[], flags: LabelFlags) =>
    report(await label(terminal, videos, flags)),
  );
}

async function label(terminal: Terminal, places: string[], flags: LabelFlags): Promise<CommandOutcome> {
  findFormats(flags.format);
  await prepareOutputFolder(flags.output);
  const recognizer = await ActivityRecognizer.load(flags.model, flags);
  const sources = await findVideos(places);
  const { green, red } = noteColors(terminal);
  let numDone = 0;
  const smoothing = smoothingRequest(flags);
  let progress = startProgress(terminal, 'Labeling');
  try {
    smoothingOf(recognizer.model, smoothing); // What is impossible for one video is so for all.
    const outcomes = await labelVideos(recognizer, sources, {
      outputDir: flags.output,
      formats: flags.format,
      includeProbabilities: flags.probabilities,
      everyFrame: flags.everyFrame,
      smoothing,
      unknownBelow: flags.unknownBelow,
      startSec: flags.start,
      durationSec: flags.duration,
      allowRemote: flags.allowRemote,
      limits: limitsOf(flags),
      signal: terminal.signal,
      onProgress: (source, { doneSec, durationSec, numFrames }) => {
        const share = durationSec > 0 ? Math.min(doneSec / durationSec, 1) : 0;
        progress.update((numDone + share) / sources.length, `${source}, ${numFrames} frames`);
      },
      onOutcome: (outcome) => {
        progress.stop();
        numDone++;
        const isLabelled = outcome.status === 'labelled';
        printNote(
          terminal,
          isLabelled ? `${green('labelled')} ${spell(outcome)}` : `${red('failed')} ${spell(outcome)}`,
        );
        if (numDone < sources.length) progress = startProgress(terminal, 'Labeling');
      },
    });
    const numFailed = outcomes.filter(({ status }) => status === 'failed').length;
    if (flags.json) {
      printResult(
        terminal,
        JSON.stringify({ numLabelled: outcomes.length - numFailed, numFailed, videos: outcomes.map(toJson) }),
      );
    } else {
      for (const outcome of outcomes)
        if (outcome.status === 'labelled') printResult(terminal, outcome.files.join('\n'));
    }
    if (sources.length > 1)
      printNote(terminal, `${sources.length - numFailed} of ${sources.length} videos labelled.`);
    return { isAllDone: numFailed === 0 };
  } finally {
    progress.stop();
    recognizer.dispose();
  }
}

function spell(outcome: VideoOutcome): string {
  if (outcome.status === 'failed') return `${outcome.source}: ${outcome.error.message}`;
  return `${outcome.source}: ${outcome.numFrames} frames, ${outcome.segments.length} segments`;
}

function toJson(outcome: VideoOutcome): object {
  if (outcome.status === 'labelled') return outcome;
  const { source, status, error } = outcome;
  return { source, status, error: { code: error.code, message: error.message } };
}
