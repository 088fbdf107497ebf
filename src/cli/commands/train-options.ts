import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ZodError } from 'zod';
import {
  BUILTIN_ENCODERS,
  DEFAULT_ENCODER,
  encoderSpecSchema,
  type EncoderSpec,
} from '../../encoder/encoder-spec.js';
import {
  firstIssue,
  INPUT_KINDS,
  LABELER_CELLS,
  type InputKind,
  type LabelerCell,
} from '../../labeler/labeler-config.js';
import { MONITORS, type Monitor } from '../../training/loop/early-stopping.js';
import type { LabelWeights } from '../../training/loop/sequence-loss.js';
import { cacheOptions, limitOptions, machineOptions, positiveNumber, wholeNumber } from '../options.js';
import type { LimitOptions, MachineOptions } from '../options.js';

/** The flags of `framewise train`. */
export interface TrainFlags extends MachineOptions, LimitOptions {
  output: string;
  overwrite?: boolean;
  resume?: boolean;
  checkpointSteps: number;
  strict?: boolean;
  name?: string;
  background?: string;
  json?: boolean;
  folds: number;
  fold: number;
  group?: RegExp;
  groupBy?: 'video' | 'folder' | 'column';
  leaveGroupsOut?: number;
  validateGroups?: string[];
  ownSplit?: boolean | string;
  temperature?: number;
  encoder: EncoderSpec;
  frameRate: number;
  inputs: InputKind[];
  motionFrames: number;
  cell: LabelerCell;
  bidirectional?: boolean;
  units: number;
  layers: number;
  projection: number;
  dropout: number;
  lookahead: number;
  epochs: number;
  monitor: Monitor;
  patience: number;
  learningRate: number;
  warmup: number;
  weightDecay: number;
  maxGradientNorm: number;
  lanes: number;
  chunk: number;
  gradientLength?: number;
  clipMode?: boolean;
  labelWeights: LabelWeights;
  labelSmoothing: number;
  smoothness: number;
  featureNoise: number;
  speedJitter: number;
  mirror?: boolean;
  seed: number;
  cache?: string | boolean;
}

/** Adds the options of `framewise train`, in groups as its help shows them. */
export function addTrainOptions(command: Command): void {
  command
    .requiredOption('--output <dir>', 'folder for the model, its checkpoints and its log')
    .option('--overwrite', 'take the place of a model or training that is there')
    .option('--resume', 'go on with a training that was broken off, from its newest checkpoint')
    .option('--checkpoint-steps <n>', 'steps between checkpoints', wholeNumber(1), 200)
    .option('--strict', 'stop at a video that cannot be used (default: it is left out, and reported)')
    .option('--name <name>', "the model's name (default: the folder's)")
    .option('--background <label>', 'label for frames without one (default: they are left out)')
    .option('--json', 'print one JSON object on stdout');

  command
    .optionsGroup('What validates:')
    .option('--folds <n>', 'parts of the data, of which one validates; 0 trains on all', wholeNumber(0), 5)
    .option('--fold <n>', 'which part validates, from 0', wholeNumber(0), 0)
    .option(
      '--group <pattern>',
      'regular expression whose groups name what must stay on one side',
      parsePattern,
    )
    .addOption(
      new Option('--group-by <what>', 'what must stay on one side').choices(['video', 'folder', 'column']),
    )
    .addOption(
      new Option('--leave-groups-out [n]', 'folds that leave out n groups each')
        .argParser(wholeNumber(1))
        .preset('1'),
    )
    .option('--validate-groups <names>', 'groups that validate, separated by commas', parseList)
    .option('--own-split [name]', 'the split that the dataset comes with')
    .option(
      '--temperature <n>',
      'what divides the logits of a model without validation videos',
      positiveNumber(),
    );

  command
    .optionsGroup('Network:')
    .addOption(
      new Option(
        '--encoder <name>',
        `${BUILTIN_ENCODERS.join(', ')}, or a JSON file that describes a model on disk; several with commas between them see together`,
      )
        .argParser(readEncoder)
        .default(DEFAULT_ENCODER, BUILTIN_ENCODERS[0]),
    )
    .option('--frame-rate <n>', 'frames a second at which the model looks', positiveNumber(), 10)
    .addOption(
      new Option('--inputs <kinds>', `what the network sees of a frame, of ${INPUT_KINDS.join(', ')}`)
        .argParser(parseInputs)
        .default(['features', 'difference'], 'features,difference'),
    )
    .option('--motion-frames <n>', 'time constant of the input motion, in frames, 1 or more', atLeastOne, 15)
    .addOption(new Option('--cell <kind>', 'recurrence').choices(LABELER_CELLS).default('gru'))
    .option('--bidirectional', 'walk videos backwards too; such a model labels whole videos, not streams')
    .option('--units <n>', 'width of a recurrent layer', wholeNumber(1), 64)
    .option('--layers <n>', 'recurrent layers', wholeNumber(1), 1)
    .option('--projection <n>', 'width of the input projection', wholeNumber(1), 64)
    .option('--dropout <share>', 'share of values dropped in training', share, 0.3)
    .option(
      '--lookahead <n>',
      'frames seen beyond the one labeled; labels of a stream come later',
      wholeNumber(0),
      0,
    );

  command
    .optionsGroup('Steps:')
    .option('--epochs <n>', 'passes over the data', wholeNumber(1), 30)
    .addOption(
      new Option('--monitor <score>', 'what makes an epoch the best').choices(MONITORS).default('loss'),
    )
    .option('--patience <n>', 'epochs without a better one before stopping', wholeNumber(1), 8)
    .option('--learning-rate <n>', 'largest step size of AdamW', positiveNumber(), 0.001)
    .option('--warmup <share>', 'share of the training in which the step size rises', share, 0.05)
    .option('--weight-decay <n>', "AdamW's", positiveNumber({ orZero: true }), 0.01)
    .option('--max-gradient-norm <n>', 'longer gradients are scaled down', positiveNumber(), 1)
    .option('--lanes <n>', 'videos side by side', wholeNumber(1), 8)
    .option('--chunk <n>', 'frames from one step to the next, k1', wholeNumber(1), 32)
    .option(
      '--gradient-length <n>',
      "frames through which gradients flow back, k2, a multiple of the chunk's (default: as many)",
      wholeNumber(1),
    )
    .option('--clip-mode', 'show every video in one piece, as suits short clips')
    .option('--seed <n>', 'same seed, data and backend, same model', wholeNumber(0), 1);

  command
    .optionsGroup('Loss and augmentation:')
    .option(
      '--label-weights <weights>',
      'what a frame of a label weighs: none, balanced, or as in fall=4,walk=0.5',
      parseLabelWeights,
      'balanced',
    )
    .option('--label-smoothing <share>', 'share of the truth spread over all labels', share, 0)
    .option('--smoothness <n>', 'weight of the loss against flicker', positiveNumber({ orZero: true }), 0.15)
    .option(
      '--feature-noise <n>',
      'noise on features, as a share of their change from frame to frame',
      positiveNumber({ orZero: true }),
      0,
    )
    .option(
      '--speed-jitter <share>',
      'show videos up to so much faster or slower',
      positiveNumber({ orZero: true }),
      0,
    )
    .option('--mirror', 'show videos as in a mirror every other time');

  command.optionsGroup('Machine:');
  for (const option of [...limitOptions(), ...cacheOptions(), ...machineOptions()]) command.addOption(option);
}

function readEncoder(text: string): EncoderSpec {
  const encoders = parseList(text).map(readSingleEncoder);
  if (encoders.length === 1) return encoders[0]!;
  const joined = encoderSpecSchema.safeParse({ kind: 'joined', encoders });
  if (joined.success) return joined.data;
  throw new InvalidArgumentError(`These encoders cannot be joined: ${firstIssue(joined.error)}`);
}

function readSingleEncoder(text: string): EncoderSpec {
  const name = BUILTIN_ENCODERS.find((known) => known === text);
  if (name) return { kind: 'builtin', name };
  try {
    return encoderSpecSchema.parse(JSON.parse(readFileSync(text, 'utf8')));
  } catch (error) {
    const reason = error instanceof ZodError ? firstIssue(error) : (error as Error).message;
    throw new InvalidArgumentError(
      `"${text}": expected ${BUILTIN_ENCODERS.join(', ')}, or a JSON file: ${reason}`,
    );
  }
}

function parseInputs(text: string): InputKind[] {
  return parseList(text).map((name) => {
    const kind = INPUT_KINDS.find((known) => known === name);
    if (kind) return kind;
    throw new InvalidArgumentError(`Expected some of ${INPUT_KINDS.join(', ')}, separated by commas.`);
  });
}

function parseLabelWeights(text: string): LabelWeights {
  if (text === 'none' || text === 'balanced') return text;
  const entries = parseList(text).map((entry): [string, number] => {
    const [, label, weight] = /^(.+)=([^=]+)$/.exec(entry) ?? [];
    if (label !== undefined && Number(weight) >= 0) return [label.trim(), Number(weight)];
    throw new InvalidArgumentError('Expected none, balanced, or weights of labels, as in fall=4,walk=0.5.');
  });
  return Object.fromEntries(entries);
}

function atLeastOne(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 1) return value;
  throw new InvalidArgumentError('Expected a number, 1 or more.');
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError('Expected a share, from 0 to below 1.');
}

function parseList(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
