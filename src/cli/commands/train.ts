import { Command } from 'commander';
import { formatDatasetReport } from '../../training/data/format-dataset-report.js';
import { trainModel, type TrainModelOptions } from '../../training/train-model.js';
import type { EpochReport } from '../../training/loop/training-reports.js';
import { cacheDirOf, limitsOf } from '../options.js';
import type { CommandOutcome } from '../command-outcome.js';
import { startProgress, type Progress } from '../terminal/progress.js';
import { printJson, printNote, printResult, type Terminal } from '../terminal/terminal.js';
import { addTrainOptions, type TrainFlags } from './train-options.js';

/** `framewise train`. */
export function trainCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  const command = new Command('train')
    .description(
      'Train a model on labeled videos: a folder with a labels.csv, or with a folder of clips a label.',
    )
    .argument('<dataset>', 'folder, or CSV file with the columns video,label,start,end');
  addTrainOptions(command);
  return command.action(async (dataset: string, flags: TrainFlags) =>
    report(await train(terminal, dataset, trainOptionsOf(flags, command.parent?.args ?? []), flags)),
  );
}

/** What the library wants to know of the flags. */
export function trainOptionsOf(flags: TrainFlags, typed: readonly string[]): TrainModelOptions {
  const { output, strict, group, lanes, chunk, clipMode, cache, validateGroups, ...same } = flags;
  const { cell, bidirectional, units, layers, projection, dropout, lookahead, inputs, motionFrames } = flags;
  return {
    ...same,
    outputDir: output,
    isStrict: strict,
    groupPattern: group,
    validationGroups: validateGroups,
    network: {
      cell,
      bidirectional,
      units,
      layers,
      projectionUnits: projection,
      dropout,
      inputs,
      motionFrames,
      lookahead,
    },
    numLanes: lanes,
    chunkLength: chunk,
    isClipMode: clipMode,
    cacheDir: cacheDirOf(cache),
    limits: limitsOf(flags),
    command: ['framewise', ...typed],
  };
}

async function train(
  terminal: Terminal,
  dataset: string,
  options: TrainModelOptions,
  { json, output, epochs }: TrainFlags,
): Promise<CommandOutcome> {
  let progress: Progress | undefined;
  try {
    const { history, bestEpoch, summary, validation, leftOut } = await trainModel(dataset, {
      ...options,
      signal: terminal.signal,
      onWarning: (message) => printNote(terminal, message, 'note:'),
      onDataset: ({ numTraining, numValidation }) => {
        printNote(terminal, `${numTraining} videos to train on, ${numValidation} to validate.`);
        progress = startProgress(terminal, 'Encoding');
      },
      onVideo: (done, all, name) => {
        progress?.update(done / all, name);
        if (done === all) progress?.stop();
      },
      onReport: (report) => {
        progress?.stop();
        for (const line of formatDatasetReport(report)) printNote(terminal, line);
      },
      onEpoch: (epoch) => {
        progress?.stop();
        printNote(terminal, spell(epoch));
        progress = undefined;
      },
      onStep: (epoch, share) => {
        if (!terminal.stderr.isTTY) return; // A line an epoch is enough where there is no bar.
        progress ??= startProgress(terminal, 'Training');
        progress.update((epoch - 1 + share) / epochs, `epoch ${epoch} of ${epochs}`);
      },
    });
    printNote(terminal, `Best epoch: ${bestEpoch}.`);
    const result = { model: output, bestEpoch, epochs: history.length, ...summary, leftOut, validation };
    if (json) printJson(terminal, result);
    else printResult(terminal, output);
    return { isAllDone: leftOut.length === 0 };
  } finally {
    progress?.stop();
  }
}

function spell({
  epoch,
  epochs,
  trainingLoss,
  gradientNorm,
  clippedGradientNorm,
  validation,
  isBest,
}: EpochReport): string {
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
