import { Command } from 'commander';
import { formatDatasetReport } from '../../training/data/format-dataset-report.js';
import { formatCount } from '../../format-count.js';
import type { EpochReport } from '../../training/loop/training-reports.js';
import { formatConfiguration, resolveOptions } from '../../training/options/resolve-options.js';
import { trainModel, type TrainModelOptions } from '../../training/train-model.js';
import { startProgress, type Progress } from '../terminal/progress.js';
import {
  printJson,
  printNote,
  printResult,
  type CommandOutcome,
  type Terminal,
} from '../terminal/terminal.js';
import { addTrainOptions, outputDirOf, trainingOptionsOf } from './train-options.js';

/** `framewise train`. */
export function trainCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  const command = new Command('train')
    .description(
      'Train a model on labeled videos: a folder with a labels.csv, or with one folder of clips per label.',
    )
    .argument('<dataset>', 'folder, or CSV file with the columns video,label,start,end')
    .option('--json', 'print one JSON object on stdout')
    .option('--print-config', 'print the configuration as JSON and exit');
  addTrainOptions(command);
  return command.action(async (dataset: string, flags: { json?: boolean; printConfig?: boolean }) => {
    const options = await trainingOptionsOf(command);
    if (flags.printConfig) {
      printJson(terminal, JSON.parse(formatConfiguration(resolveOptions(options))), 2);
      return;
    }
    const run = { ...options.run, outputDir: outputDirOf(options) };
    const typed = ['framewise', ...(command.parent?.args ?? [])];
    report(await train(terminal, dataset, { ...options, run, command: typed }, flags.json ?? false));
  });
}

async function train(
  terminal: Terminal,
  dataset: string,
  options: TrainModelOptions,
  isJson: boolean,
): Promise<CommandOutcome> {
  const { outputDir } = options.run;
  const { epochs } = resolveOptions(options).optimizer;
  let progress: Progress | undefined;
  try {
    const { history, bestEpoch, summary, validation, leftOut } = await trainModel(dataset, {
      ...options,
      signal: terminal.signal,
      onWarning: (message) => printNote(terminal, message, 'note:'),
      onDataset: ({ numTraining, numValidation }) => {
        printNote(
          terminal,
          `${formatCount(numTraining, 'video')} to train on, ${numValidation} to validate.`,
        );
        progress = startProgress(terminal, 'Encoding');
      },
      onProgress: ({ numDone, numTotal, name }) => {
        progress?.update(numDone / numTotal, name);
        if (numDone === numTotal) progress?.stop();
      },
      onReport: (report) => {
        progress?.stop();
        for (const line of formatDatasetReport(report)) printNote(terminal, line);
      },
      onEpoch: (epoch) => {
        progress?.stop();
        printNote(terminal, formatEpoch(epoch));
        progress = undefined;
      },
      onStep: (epoch, share) => {
        if (!terminal.stderr.isTTY) return; // Without a progress bar one line per epoch is enough.
        progress ??= startProgress(terminal, 'Training');
        progress.update((epoch - 1 + share) / epochs, `epoch ${epoch} of ${epochs}`);
      },
    });
    printNote(terminal, `Best epoch: ${bestEpoch}.`);
    const result = { model: outputDir, bestEpoch, epochs: history.length, ...summary, leftOut, validation };
    if (isJson) printJson(terminal, result);
    else printResult(terminal, outputDir);
    return { isAllDone: leftOut.length === 0 };
  } finally {
    progress?.stop();
  }
}

function formatEpoch(report: EpochReport): string {
  const { epoch, epochs, trainingLoss, gradientNorm, clippedGradientNorm, validation, isBest } = report;
  const parts = [
    `epoch ${epoch}/${epochs}`,
    `loss ${trainingLoss.toFixed(4)}`,
    `gradient ${gradientNorm.toFixed(2)}, clipped ${clippedGradientNorm.toFixed(2)}`,
  ];
  if (validation) {
    const { loss, frameAccuracy, clipAccuracy } = validation;
    if (loss !== null) parts.push(`validation loss ${loss.toFixed(4)}`);
    if (frameAccuracy !== null) parts.push(`frames ${frameAccuracy.toFixed(1)} %`);
    if (clipAccuracy !== null) parts.push(`clips ${clipAccuracy.toFixed(1)} %`);
    if (isBest) parts.push('best');
  }
  return parts.join('  ');
}
