import { Command, Option } from 'commander';
import type { Detail } from '../../annotations/annotation-format.js';
import { convertLabels, type ConvertOutcome } from '../../annotations/convert-labels.js';
import { annotationFormats, findFormats } from '../../annotations/formats/formats.js';
import { formatLoss } from '../../annotations/losses.js';
import { prepareOutputFolder } from '../../runtime/output-file.js';
import { positiveNumber } from '../options.js';
import {
  printJson,
  printNote,
  printResult,
  type CommandOutcome,
  type Terminal,
} from '../terminal/terminal.js';

interface ConvertFlags {
  to: string;
  from?: string;
  output?: string;
  videos?: string;
  frameRate?: number;
  tier?: string;
  background?: string;
  escapeFormulas?: boolean;
  overwrite?: boolean;
  json?: boolean;
}

/** `framewise convert`. */
export function convertCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  const known = annotationFormats.map(({ name }) => name).join(', ');
  return new Command('convert')
    .description('Convert label files between formats. One file is written per video.')
    .argument('<files...>', 'label files')
    .addOption(new Option('--to <format>', `format to write: ${known}`).makeOptionMandatory())
    .option(
      '--from <format>',
      'format to read (default: detected from the extension and content of each file)',
    )
    .option('--output <dir>', 'output folder (default: the folder of each label file)')
    .option('--videos <dir>', 'folder to search for videos, in addition to that of the label file')
    .option(
      '--frame-rate <n>',
      "frames per second of the videos (default: each video's own)",
      positiveNumber(),
    )
    .option('--tier <name>', 'only tier to read from ELAN files (default: all tiers)')
    .option('--background <label>', 'label of unlabeled frames, for formats that label every frame')
    .option('--escape-formulas', "write ' before texts in CSV that a spreadsheet would take for a formula")
    .option('--overwrite', 'replace existing files')
    .option('--json', 'print one JSON object about all files on stdout')
    .action(async (files: string[], flags: ConvertFlags) => report(await convert(terminal, files, flags)));
}

async function convert(terminal: Terminal, files: string[], flags: ConvertFlags): Promise<CommandOutcome> {
  const { to, from, output, videos, frameRate, tier, background, escapeFormulas, overwrite } = flags;
  const [target] = findFormats([to]);
  findFormats(from === undefined ? [] : [from]);
  if (output !== undefined) await prepareOutputFolder(output);
  const note = (message: string): void => printNote(terminal, message, 'note:');
  const outcomes: ConvertOutcome[] = [];
  const numLost = new Map<Detail, number>(); // number of videos that lost each detail
  for await (const outcome of convertLabels(files, {
    to,
    from,
    outputDir: output,
    videoDir: videos,
    frameRate,
    tier,
    background,
    escapeFormulas,
    shouldOverwrite: overwrite ?? false,
    signal: terminal.signal,
    onWarning: note,
  })) {
    outcomes.push(outcome);
    if (outcome.status === 'failed') {
      printNote(terminal, `${outcome.source}: ${outcome.error.message}`, 'failed');
      continue;
    }
    for (const { file, losses } of outcome.videos) {
      if (!flags.json) printResult(terminal, file);
      for (const detail of losses) numLost.set(detail, (numLost.get(detail) ?? 0) + 1);
    }
  }
  for (const [detail, numVideos] of numLost) note(formatLoss(target?.title ?? to, detail, numVideos));
  const numFailed = outcomes.filter(({ status }) => status === 'failed').length;
  if (flags.json) {
    const numConverted = outcomes.length - numFailed;
    printJson(terminal, { numConverted, numFailed, files: outcomes.map(toJson) });
  }
  if (files.length > 1)
    printNote(terminal, `${files.length - numFailed} of ${files.length} label files converted.`);
  return { isAllDone: numFailed === 0 };
}

function toJson(outcome: ConvertOutcome): object {
  if (outcome.status === 'converted') return outcome;
  const { source, status, error } = outcome;
  return { source, status, error: { code: error.code, message: error.message } };
}
