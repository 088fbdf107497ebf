import Table from 'cli-table3';
import { Command } from 'commander';
import { formatCount } from '../../format-count.js';
import { evaluateModel } from '../../training/evaluation/evaluate-model.js';
import type { DatasetScores } from '../../training/evaluation/score-sequences.js';
import {
  cacheDirOf,
  cacheOptions,
  limitOptions,
  limitsOf,
  machineOptions,
  segmentOptions,
  smoothingRequest,
  type LimitOptions,
  type MachineOptions,
  type SegmentOptions,
} from '../options.js';
import { startProgress } from '../terminal/progress.js';
import {
  printJson,
  printNote,
  printResult,
  type CommandOutcome,
  type Terminal,
} from '../terminal/terminal.js';

interface EvaluateFlags extends MachineOptions, SegmentOptions, LimitOptions {
  model: string;
  cache?: string | boolean;
  json?: boolean;
}

/** `framewise evaluate`. */
export function evaluateCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  const command = new Command('evaluate')
    .description('Label the videos of a dataset with a model and score the result.')
    .argument('<dataset>', 'folder, or CSV file with the columns video,label,start,end')
    .requiredOption('--model <dir>', 'folder of a trained model')
    .option('--json', 'print one JSON object on stdout');
  for (const option of [...segmentOptions(), ...limitOptions(), ...cacheOptions(), ...machineOptions()])
    command.addOption(option);
  return command.action(async (dataset: string, flags: EvaluateFlags) =>
    report(await evaluate(terminal, dataset, flags)),
  );
}

async function evaluate(terminal: Terminal, dataset: string, flags: EvaluateFlags): Promise<CommandOutcome> {
  const progress = startProgress(terminal, 'Encoding');
  try {
    const scores = await evaluateModel(dataset, flags.model, {
      backend: flags.backend,
      workers: flags.workers,
      cacheDir: cacheDirOf(flags.cache),
      smoothing: smoothingRequest(flags),
      unknownBelow: flags.unknownBelow,
      limits: limitsOf(flags),
      signal: terminal.signal,
      onWarning: (message) => printNote(terminal, message, 'note:'),
      onProgress: ({ numDone, numTotal, name }) => progress.update(numDone / numTotal, name),
    });
    progress.stop();
    if (flags.json) printJson(terminal, scores);
    else printResult(terminal, ...formatScores(scores));
    return { isAllDone: true };
  } finally {
    progress.stop();
  }
}

function formatScores(scores: DatasetScores): string[] {
  const { numVideos, numFrames } = scores;
  const tables = [summaryOf(scores), labelsOf(scores), confusionOf(scores)];
  const lines = tables.flatMap((table) => table.toString().split('\n'));
  return [`${formatCount(numVideos, 'video')}, ${formatCount(numFrames, 'labeled frame')}`, ...lines];
}

function summaryOf({ f1, ...scores }: DatasetScores): Table.Table {
  const { frameAccuracy, clipAccuracy, edit, meanAveragePrecision, calibrationError } = scores;
  const rows: [name: string, value: number | null][] = [
    ['frame accuracy', frameAccuracy],
    ['clip accuracy', clipAccuracy],
    ['edit', edit],
    ['F1@10', f1[10]],
    ['F1@25', f1[25]],
    ['F1@50', f1[50]],
    ['mAP@0.5:0.95', meanAveragePrecision],
    ['calibration error', calibrationError],
  ];
  const table = tableOf(['', '%']);
  table.push(...rows.map(([name, value]) => [name, percent(value)]));
  return table;
}

function labelsOf({ perLabel }: DatasetScores): Table.Table {
  const table = tableOf(['label', 'frames', 'precision', 'recall', 'F1', 'AP']);
  for (const { label, numFrames, precision, recall, f1, averagePrecision } of perLabel) {
    table.push([label, numFrames, ...[precision, recall, f1, averagePrecision].map(percent)]);
  }
  return table;
}

/** One row per true label, one column per predicted label. Columns are numbered, so that many labels fit. */
function confusionOf({ labels, confusion }: DatasetScores): Table.Table {
  const numbers = labels.map((_, i) => String(i + 1));
  const table = tableOf(['truth \\ given', ...numbers]);
  table.push(...labels.map((label, i) => [`${numbers[i]} ${label}`, ...(confusion[i] as number[])]));
  return table;
}

function tableOf(head: string[]): Table.Table {
  return new Table({ head, style: { head: [], border: [] } });
}

function percent(value: number | null): string {
  return value === null ? '–' : value.toFixed(1);
}
