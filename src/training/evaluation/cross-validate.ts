import { readDataset } from '../../annotations/datasets/dataset.js';
import { createFrameEncoder } from '../../encoder/create-frame-encoder.js';
import { UsageError } from '../../errors.js';
import { labelerConfigOf } from '../../labeler/labeler-config.js';
import { startBackend } from '../../runtime/backend.js';
import { encodeDataset } from '../data/load-sequences.js';
import { labelsOf } from '../data/sequences.js';
import { crossValidationSplits } from '../data/split-videos.js';
import { settingsOf } from '../loop/training-settings.js';
import { resolveOptions } from '../options/resolve-options.js';
import type { NetworkOptions, TrainingOptions } from '../options/training-options.js';
import { summarizeRuns, type CrossValidationRun, type VariantSummary } from './cross-validation-table.js';
import { scoreFolds } from './score-folds.js';
import type { DatasetScores } from './score-sequences.js';
import type { EncodingProgress } from '../../progress.js';

/**
 * How a dataset is cross-validated. The sections are those of `trainModel`. Nothing is saved, so of `run` only `backend`,
 * `workers` and `cacheDir` are used; `data.fold` is not used, because every fold is held out once.
 */
export interface CrossValidateOptions extends TrainingOptions {
  /** Seeds of splits and weights. Every split is trained once with each. Default: 1, 2 and 3. */
  seeds?: readonly number[];
  /** Names of groups to hold out, one at a time. Default: the folds of `data`. */
  eachGroup?: readonly string[];
  /** Also try every other recurrence, none, and the network without motion. Default false. */
  isAblation?: boolean;
  signal?: AbortSignal;
  /** Called after each encoded video. */
  onProgress?: (progress: EncodingProgress) => void;
  /** Called when a fold is trained and scored. */
  onFold?: (fold: FoldProgress) => void;
  /** Told of problems that do not stop the cross-validation. */
  onWarning?: (message: string) => void;
}

/** One scored fold of a cross-validation. */
export interface FoldProgress {
  /** Name of the network. */
  variant: string;
  seed: number;
  /** Name of the fold. */
  fold: string;
  /** Scores of the held-out videos without smoothing. */
  scores: DatasetScores;
}

/** The result of a cross-validation. */
export interface CrossValidation {
  /** One entry per network and seed. */
  runs: CrossValidationRun[];
  /** One entry per network, over all folds and seeds. */
  summaries: VariantSummary[];
  /** Names of the videos that could not be used. */
  leftOut: string[];
}

/**
 * Trains a network on every split of a dataset with every seed, and scores each model on its held-out videos. No held-out
 * video chooses anything: all epochs are run, and the last one counts.
 *
 * @param dataset - Folder or file, as for `readDataset`.
 * @throws {DatasetError} If the dataset cannot be read, has too few groups, or no video can be used.
 * @throws {UsageError} If an option is out of range.
 * @throws {TrainingError} If the loss or the gradient is not finite.
 * @throws The reason of `signal`, when it is aborted.
 *
 * @example
 * const { summaries } = await crossValidate('clips', { data: { folds: 5 }, optimizer: { epochs: 20 } });
 */
export async function crossValidate(
  dataset: string,
  options: CrossValidateOptions = {},
): Promise<CrossValidation> {
  const { seeds = [1, 2, 3], eachGroup, isAblation = false, signal, onProgress, onFold, onWarning } = options;
  if (seeds.length === 0) throw new UsageError('seeds is empty; expected at least one whole number.');
  const { data, optimizer, augmentation, run } = resolveOptions(options);
  const { background, frameRate, isStrict, limits } = data;
  const backend = await startBackend(run.backend);
  const videos = await readDataset(dataset, { isStrict, signal, onWarning });
  const labels = labelsOf(videos, background);
  const variants = variantsOf(options.network ?? {}, isAblation);
  // Wrong options must show before hours of encoding.
  settingsOf({ data: { labels, background }, optimizer, augmentation });
  for (const { network } of variants)
    labelerConfigOf({ ...network, featureSize: 1, numLabels: labels.length });
  seeds.forEach(splitsOf);
  const encoder = await createFrameEncoder(data.encoder, { backend, workers: run.workers });
  const sequences = await encodeDataset(videos, encoder, {
    ...{ frameRate, labels, background, limits, isStrict, signal, onProgress, onWarning },
    cacheDir: run.cacheDir,
    mirroredToo: new Set(augmentation.mirror ? videos : []),
  });

  const runs: CrossValidationRun[] = [];
  for (const { variant, network } of variants) {
    for (const seed of seeds) {
      const training = {
        ...{ network, optimizer, augmentation, frameRate, signal, onWarning },
        data: { labels, background },
        run: { seed },
      };
      const folds = await scoreFolds(sequences, splitsOf(seed), training, (fold, scores) =>
        onFold?.({ variant, seed, fold, scores }),
      );
      runs.push({ variant, seed, folds });
    }
  }
  const used = new Set(sequences.map(({ name }) => name));
  const leftOut = videos.map(({ name }) => name).filter((name) => !used.has(name));
  return { runs, summaries: summarizeRuns(runs), leftOut };

  function splitsOf(seed: number) {
    if (!eachGroup) return crossValidationSplits(videos, { ...data, seed });
    return eachGroup.flatMap((group) =>
      crossValidationSplits(videos, { ...data, seed, validationGroups: [group] }),
    );
  }
}

/** A network with a name. */
export interface NetworkVariant {
  variant: string;
  network: NetworkOptions;
}

/**
 * The networks to compare: the given one, and for an ablation also every other recurrence, none, and the given one without
 * motion.
 */
export function variantsOf(given: NetworkOptions, isAblation: boolean): NetworkVariant[] {
  const own = { variant: nameOf(given), network: given };
  if (!isAblation) return [own];
  const recurrences: NetworkOptions[] = [
    { cell: 'rnn', bidirectional: false },
    { cell: 'gru', bidirectional: false },
    { cell: 'lstm', bidirectional: false },
    { cell: 'lstm', bidirectional: true },
    { cell: 'none', bidirectional: false },
  ];
  const others = recurrences
    .map((recurrence) => ({ ...given, ...recurrence }))
    .map((network) => ({ variant: nameOf(network), network }))
    .filter(({ variant }) => variant !== own.variant);
  const still: NetworkOptions = { ...given, inputs: ['features'] };
  return [own, ...others, { variant: `${own.variant}, without motion`, network: still }];
}

function nameOf({ cell = 'gru', bidirectional }: NetworkOptions): string {
  const name = cell === 'none' ? 'no recurrence' : cell.toUpperCase();
  return bidirectional ? `bidirectional ${name}` : name;
}
