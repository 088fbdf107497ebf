import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  BUILTIN_ENCODERS,
  DEFAULT_ENCODER,
  encoderSpecSchema,
  type EncoderSpec,
} from '../encoder/encoder-spec.js';
import { ZodError } from 'zod';
import { trainModel } from '../training/train-model.js';
import { firstIssue, INPUT_KINDS, type InputKind } from '../labeler/labeler-config.js';
import type { EpochReport } from '../training/train-labeler.js';
import {
  cacheDirOf,
  cacheOptions,
  machineOptions,
  positiveNumber,
  wholeNumber,
  type MachineOptions,
} from './options.js';
import type { CommandOutcome } from './run-cli.js';
import { printNote, printResult, startProgress, type Progress, type Terminal } from './terminal.js';

interface TrainFlags extends MachineOptions {
  output: string;
  overwrite?: boolean;
  name?: string;
  background?: string;
  frameRate: number;
  cell: 'rnn' | 'gru' | 'lstm';
  units: number;
  layers: number;
  projection: number;
  dropout: number;
  lookahead: number;
  encoder: EncoderSpec;
  inputs: InputKind[];
  epochs: number;
  patience: number;
  learningRate: number;
  lanes: number;
  chunk: number;
  folds: number;
  fold: number;
  group?: RegExp;
  seed: number;
  cache?: string | boolean;
  json?: boolean;
}

/** `framewise train`. */
export function trainCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  const command = new Command('train')
    .description(
      'Train a model on labelled videos: a folder with a labels.csv, or with a folder of clips a label.',
    )
    .argument('<dataset>', 'folder, or CSV file with the columns video,label,start,end')
    .requiredOption('--output <dir>', 'folder for the model')
    .option('--overwrite', 'take the place of a model that is there')
    .option('--name <name>', "the model's name (default: the folder's)")
    .option('--background <label>', 'label for frames without one (default: they are left out)')
    .option('--frame-rate <n>', 'frames a second at which the model looks', positiveNumber(), 10)
    .addOption(new Option('--cell <kind>', 'recurrence').choices(['rnn', 'gru', 'lstm']).default('gru'))
    .option('--units <n>', 'width of a recurrent layer', wholeNumber(1), 64)
    .option('--layers <n>', 'recurrent layers', wholeNumber(1), 1)
    .option('--projection <n>', 'width of the input projection', wholeNumber(1), 64)
    .option('--dropout <share>', 'share of values dropped in training', positiveNumber({ orZero: true }), 0.3)
    .option(
      '--lookahead <n>',
      'frames seen beyond the one labelled; labels of a stream come later',
      wholeNumber(0),
      0,
    )
    .addOption(
      new Option(
        '--encoder <name>',
        `${BUILTIN_ENCODERS.join(', ')}, or a JSON file that describes a model on disk`,
      )
        .argParser(readEncoder)
        .default(DEFAULT_ENCODER, BUILTIN_ENCODERS[0]),
    )
    .addOption(
      new Option('--inputs <kinds>', `what the network sees of a frame, of ${INPUT_KINDS.join(', ')}`)
        .argParser(parseInputs)
        .default(['features', 'difference'], 'features,difference'),
    )
    .option('--epochs <n>', 'passes over the data', wholeNumber(1), 30)
    .option('--patience <n>', 'epochs without improvement before stopping', wholeNumber(1), 8)
    .option('--learning-rate <n>', 'step size of Adam', positiveNumber(), 0.001)
    .option('--lanes <n>', 'videos side by side', wholeNumber(1), 8)
    .option('--chunk <n>', 'frames through which gradients flow back', wholeNumber(1), 32)
    .option('--folds <n>', 'parts of the data, of which one validates; 0 trains on all', wholeNumber(0), 5)
    .option('--fold <n>', 'which part validates, from 0', wholeNumber(0), 0)
    .option(
      '--group <pattern>',
      'regular expression whose groups name what must stay on one side',
      parsePattern,
    )
    .option('--seed <n>', 'same seed, data and backend, same model', wholeNumber(0), 1)
    .option('--json', 'print one JSON object on stdout');
  for (const option of [...cacheOptions(), ...machineOptions()]) command.addOption(option);
  return command.action(async (dataset: string, flags: TrainFlags) =>
    report(await train(terminal, dataset, flags)),
  );
}

async function train(terminal: Terminal, dataset: string, flags: TrainFlags): Promise<CommandOutcome> {
  let progress: Progress | undefined;
  try {
    const { history, bestEpoch, summary } = await trainModel(dataset, {
      outputDir: flags.output,
      overwrite: flags.overwrite,
      name: flags.name,
      background: flags.background,
      frameRate: flags.frameRate,
      encoder: flags.encoder,
      network: {
        cell: flags.cell,
        units: flags.units,
        layers: flags.layers,
        projectionUnits: flags.projection,
        dropout: flags.dropout,
        inputs: flags.inputs,
        lookahead: flags.lookahead,
      },
      epochs: flags.epochs,
      patience: flags.patience,
      learningRate: flags.learningRate,
      numLanes: flags.lanes,
      chunkLength: flags.chunk,
      folds: flags.folds,
      fold: flags.fold,
      groupPattern: flags.group,
      seed: flags.seed,
      backend: flags.backend,
      workers: flags.workers,
      cacheDir: cacheDirOf(flags.cache),
      signal: terminal.signal,
      onWarning: (message) => printNote(terminal, `note: ${message}`),
      onDataset: ({ labels, numTraining, numValidation, segmentsByLabel }) => {
        const counts = labels.map((label) => `${label} ${segmentsByLabel[label]}`).join(', ');
        printNote(
          terminal,
          `${numTraining} videos to train on, ${numValidation} to validate. Segments: ${counts}.`,
        );
        progress = startProgress(terminal, 'Encoding');
      },
      onVideo: (done, all, name) => {
        progress?.update(done / all, name);
        if (done === all) progress?.stop();
      },
      onEpoch: (epoch) => {
        progress?.stop();
        printNote(terminal, spell(epoch));
        progress = undefined;
      },
      onStep: (epoch, share) => {
        if (!terminal.stderr.isTTY) return; // A line an epoch is enough where there is no bar.
        progress ??= startProgress(terminal, 'Training');
        progress.update((epoch - 1 + share) / flags.epochs, `epoch ${epoch} of ${flags.epochs}`);
      },
    });
    const validation = history[bestEpoch - 1]?.validation ?? null;
    printNote(terminal, `Best epoch: ${bestEpoch}.`);
    const result = { model: flags.output, bestEpoch, epochs: history.length, ...summary, validation };
    printResult(terminal, flags.json ? JSON.stringify(result) : flags.output);
    return { isAllDone: true };
  } finally {
    progress?.stop();
  }
}

function spell({ epoch, epochs, trainingLoss, gradientNorm, validation, isBest }: EpochReport): string {
  const parts = [
    `epoch ${epoch}/${epochs}`,
    `loss ${trainingLoss.toFixed(4)}`,
    `gradient ${gradientNorm.toFixed(2)}`,
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

function readEncoder(text: string): EncoderSpec {
  const name = BUILTIN_ENCODERS.find((known) => known === text);
  if (name) return { kind: 'builtin', name };
  try {
    return encoderSpecSchema.parse(JSON.parse(readFileSync(text, 'utf8')));
  } catch (error) {
    const reason = error instanceof ZodError ? firstIssue(error) : (error as Error).message;
    throw new InvalidArgumentError(`Expected ${BUILTIN_ENCODERS.join(', ')}, or a JSON file: ${reason}`);
  }
}

function parseInputs(text: string): InputKind[] {
  return text.split(',').map((name) => {
    const kind = INPUT_KINDS.find((known) => known === name.trim());
    if (kind) return kind;
    throw new InvalidArgumentError(`Expected some of ${INPUT_KINDS.join(', ')}, separated by commas.`);
  });
}

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
