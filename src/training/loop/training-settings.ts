import { UsageError } from '../../errors.js';
import type { LabelerConfig } from '../../labeler/labeler-config.js';
import { resolveOptions } from '../options/resolve-options.js';
import type { RunOptions, TrainingConfiguration, TrainingOptions } from '../options/training-options.js';
import type { EpochReport } from './training-reports.js';

/**
 * How a labeler is trained. The sections are those of `trainModel`; of `run`, a labeler takes the seed, the output folder
 * and what concerns its checkpoints.
 */
export interface LabelerTrainingOptions
  extends Pick<TrainingOptions, 'network' | 'optimizer'>, TrainingCallbacks {
  data: {
    /** Names of the labels, in the order of the targets. */
    labels: readonly string[];
    /** Label that means "no activity"; it is left out of edit score and F1. */
    background?: string;
  };
  augmentation?: Omit<NonNullable<TrainingOptions['augmentation']>, 'mirror'>;
  /** With an `outputDir`, checkpoints and a log are written there and the training can be resumed. */
  run?: Pick<RunOptions, 'outputDir' | 'resume' | 'checkpointSteps' | 'seed'>;
}

/** How a caller follows and stops a training. */
export interface TrainingCallbacks {
  /** Stops the training after the current step; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  /** Called after each epoch with its losses and scores. */
  onEpoch?: (epoch: EpochReport) => void;
  /** Called after each step with the share of the epoch's frames seen, 0 to 1. */
  onStep?: (epoch: number, share: number) => void;
  /** Told of problems that do not stop the training. */
  onWarning?: (message: string) => void;
}

/** Everything the training loop needs to know, with defaults filled in. */
export type TrainingSettings = TrainingCallbacks &
  TrainingConfiguration['optimizer'] &
  TrainingConfiguration['augmentation'] &
  Pick<TrainingConfiguration['run'], 'outputDir' | 'resume' | 'checkpointSteps' | 'seed'> & {
    labels: readonly string[];
    background: string | undefined;
    network: TrainingConfiguration['network'];
  };

/**
 * Checks the options of a training, fills in the defaults, and lays them side by side for the loop.
 *
 * @throws {UsageError} If a value is out of range, or `labelWeights` names an unknown label.
 */
export function settingsOf(options: LabelerTrainingOptions): TrainingSettings {
  const { labels, background } = options.data;
  const { signal, onEpoch, onStep, onWarning } = options;
  const { network, optimizer, augmentation, run } = resolveOptions({ ...options, data: {} });
  const { labelWeights } = optimizer;
  const named = typeof labelWeights === 'object' ? Object.keys(labelWeights) : [];
  const unknown = named.filter((label) => !labels.includes(label));
  if (unknown.length > 0) {
    throw new UsageError(
      `labelWeights names unknown labels: ${unknown.join(', ')}. Known labels: ${labels.join(', ')}.`,
    );
  }
  const { outputDir, resume, checkpointSteps, seed } = run;
  return {
    ...optimizer,
    ...augmentation,
    ...{ labels, background, network, seed },
    ...{ outputDir, resume, checkpointSteps },
    ...{ signal, onEpoch, onStep, onWarning },
  };
}

/** Names are stored in checkpoints: a renamed setting would refuse every checkpoint written before. */
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

/** The settings that decide the result, by name. A training can be resumed only with the same ones. */
export function decisiveSettings(
  settings: TrainingSettings,
  network: LabelerConfig,
): Record<string, unknown> {
  return Object.fromEntries([
    ...DECISIVE.map((name) => [name, settings[name]]),
    ...Object.entries(network).map(([name, value]) => [`network.${name}`, value]),
  ]) as Record<string, unknown>;
}
