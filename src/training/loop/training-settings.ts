import { UsageError } from '../../errors.js';
import type { LabelerConfig, LabelerOptions } from '../../labeler/labeler-config.js';
import type { AugmentationOptions } from '../data/augmentation.js';
import type { Monitor } from './early-stopping.js';
import type { LabelWeights } from './sequence-loss.js';
import type { EpochReport } from './training-reports.js';

/** How a labeler is trained. */
export interface LabelerTrainingOptions extends AugmentationOptions {
  /** Names of the labels, in the order of the targets. */
  labels: readonly string[];
  /** Label that means "no activity", left out of edit and F1. */
  background?: string;
  /** The network; what is left out takes its default. */
  network?: Omit<LabelerOptions, 'featureSize' | 'numLabels'>;
  /** Passes over the data. Default 30. */
  epochs?: number;
  /** What decides which epoch is the best. Default the validation loss. */
  monitor?: Monitor;
  /** Epochs without a better one after which training ends. Default 8. */
  patience?: number;
  /** Largest step size of the optimizer, AdamW. Default 0.001. */
  learningRate?: number;
  /** Share of the training over which the step size rises; then it falls to a tenth along half a cosine. Default 0.05. */
  warmup?: number;
  /** Share of its value, times the step size, that each step takes off a weight. Default 0.01. */
  weightDecay?: number;
  /** Length of the gradient over all weights above which it is scaled down. Default 1. */
  maxGradientNorm?: number;
  /** Videos that walk side by side. Default 8. */
  numLanes?: number;
  /** Frames from one step of the optimizer to the next, k1; state flows on for ever. Default 32. */
  chunkLength?: number;
  /** Frames through which gradients flow back, k2, a multiple of the chunk's length. Default the chunk's length. */
  gradientLength?: number;
  /** Show every video in one piece, from its first frame, as suits short clips. Default false. */
  isClipMode?: boolean;
  /** What a frame of each label weighs. Default `balanced`. */
  labelWeights?: LabelWeights;
  /** Share of the truth that is spread evenly over all labels, 0 to below 1. Default 0. */
  labelSmoothing?: number;
  /** Weight of the loss that keeps labels from flickering, see `smoothnessLoss`. Default 0.15, as MS-TCN has it. */
  smoothness?: number;
  /** Fixes initial weights, order, augmentation and dropout: same seed, data and backend, same model. Default 1. */
  seed?: number;
  /** Folder for checkpoints and the log, which make the training one that can be resumed. Default none. */
  runDir?: string;
  /** Steps from one checkpoint to the next; there is one after each epoch too. Default 200. */
  checkpointSteps?: number;
  /** Go on from the newest checkpoint in `runDir`, if there is one. Default false. */
  resume?: boolean;
  signal?: AbortSignal;
  onEpoch?: (epoch: EpochReport) => void;
  /** Called after each step with the share of the epoch's frames seen, 0 to 1. */
  onStep?: (epoch: number, share: number) => void;
  /** Told of what a person should know but does not stop the training. */
  onWarning?: (message: string) => void;
}

/** Options that every training has. */
export type TrainingSettings = ReturnType<typeof settingsOf>;

/**
 * Gives what is left out its default.
 *
 * @throws {UsageError} If a number is out of its range.
 */
export function settingsOf(options: LabelerTrainingOptions) {
  const settings = {
    epochs: 30,
    monitor: 'loss' as Monitor,
    patience: 8,
    learningRate: 1e-3,
    warmup: 0.05,
    weightDecay: 0.01,
    maxGradientNorm: 1,
    numLanes: 8,
    chunkLength: 32,
    gradientLength: options.chunkLength ?? 32,
    isClipMode: false,
    labelWeights: 'balanced' as LabelWeights,
    labelSmoothing: 0,
    smoothness: 0.15,
    speedJitter: 0,
    featureNoise: 0,
    seed: 1,
    checkpointSteps: 200,
    ...withoutUndefined(options),
  };
  for (const name of ['warmup', 'labelSmoothing'] as const) {
    if (!(settings[name] >= 0 && settings[name] < 1)) {
      throw new UsageError(`${name} is ${settings[name]}; expected a share from 0 to below 1.`);
    }
  }
  const { chunkLength, gradientLength, labels, labelWeights } = settings;
  if (gradientLength < chunkLength || gradientLength % chunkLength !== 0) {
    throw new UsageError(
      `gradientLength is ${gradientLength}; expected the chunkLength of ${chunkLength}, or a multiple of it.`,
    );
  }
  const named = typeof labelWeights === 'object' ? Object.keys(labelWeights) : [];
  const unknown = named.filter((label) => !labels.includes(label));
  if (unknown.length > 0) {
    throw new UsageError(`There is no label ${unknown.join(', ')} to weigh; there are ${labels.join(', ')}.`);
  }
  return settings;
}

const DECISIVE = [
  'labels',
  'background',
  'epochs',
  'monitor',
  'patience',
  'learningRate',
  'warmup',
  'weightDecay',
  'maxGradientNorm',
  'numLanes',
  'chunkLength',
  'gradientLength',
  'isClipMode',
  'labelWeights',
  'labelSmoothing',
  'smoothness',
  'speedJitter',
  'featureNoise',
  'seed',
] as const satisfies (keyof TrainingSettings)[];

/** Those settings that decide what comes out, by name: a training can only go on with the same. */
export function decisiveSettings(
  settings: TrainingSettings,
  network: LabelerConfig,
): Record<string, unknown> {
  return Object.fromEntries([
    ...DECISIVE.map((name) => [name, settings[name]]),
    ...Object.entries(network).map(([name, value]) => [`network.${name}`, value]),
  ]) as Record<string, unknown>;
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
