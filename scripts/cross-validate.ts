/**
 * Cross-validates a network on a dataset, each split trained anew with each seed, and prints mean and spread over all of
 * them; with `--ablation` also what other recurrences, and doing without motion, come to. Takes all flags of
 * `framewise train`; the table is written to the folder of `--output` too.
 *
 *   npx tsx scripts/cross-validate.ts clips --output out/clips --folds 5 --group '(\D+\d+)\d\.mp4$' --seeds 1,2,3
 *   npx tsx scripts/cross-validate.ts gestures --output out/gestures --group '(p\d)_' --each-group p1,p2 --ablation
 *   npx tsx scripts/cross-validate.ts videos --output out/videos --leave-groups-out 3
 *
 * No held-out video chooses anything: all epochs are run, the last one counts.
 */
import path from 'node:path';
import { Command } from 'commander';
import { exitCodeOf } from '../src/cli/run-cli.js';
import { startProgress } from '../src/cli/terminal/progress.js';
import type { Terminal } from '../src/cli/terminal/terminal.js';
import { addTrainOptions, type TrainFlags } from '../src/cli/commands/train-options.js';
import { trainOptionsOf } from '../src/cli/commands/train.js';
import { readDataset } from '../src/annotations/datasets/dataset.js';
import { createFrameEncoder } from '../src/encoder/create-frame-encoder.js';
import { startBackend } from '../src/runtime/backend.js';
import { writeFileAtomic } from '../src/runtime/output-file.js';
import { crossValidate, type FoldScores } from '../src/training/evaluation/cross-validate.js';
import { encodeDataset } from '../src/training/data/load-sequences.js';
import { labelsOf } from '../src/training/data/sequences.js';
import { crossValidationSplits } from '../src/training/data/split-videos.js';
import type { TrainModelOptions } from '../src/training/train-model.js';
import { parseSeeds } from './cross-validate/parse-seeds.js';
import { formatTable, summarize } from './cross-validate/spell-table.js';
import { variantsOf } from './cross-validate/variants.js';

interface Flags extends TrainFlags {
  seeds: number[];
  eachGroup?: string[];
  ablation?: boolean;
}

const program = new Command('cross-validate')
  .description('Train once a fold and seed, and report how well videos are labeled that were held out.')
  .argument('<dataset>', 'as for framewise train')
  .option('--seeds <list>', 'of folds and weights', parseSeeds, [1, 2, 3])
  .option('--each-group <names>', 'groups to hold out, one at a time', (text) => text.split(','))
  .option('--ablation', 'try every recurrence, none at all, and no motion')
  .exitOverride();
addTrainOptions(program);

const terminal: Terminal = {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: new AbortController().signal,
};

try {
  await program.parseAsync();
  const flags = program.opts<Flags>();
  await run(program.args[0]!, trainOptionsOf(flags, process.argv.slice(2)), flags);
} catch (error) {
  process.exitCode = exitCodeOf(error, terminal);
}

async function run(dataset: string, options: TrainModelOptions, flags: Flags): Promise<void> {
  const note = (message: string) => console.error(message);
  const { background, cacheDir, frameRate = 10, isStrict, mirror } = options;
  const backend = await startBackend(options.backend);
  const videos = await readDataset(dataset, { isStrict, onWarning: note });
  const labels = labelsOf(videos, background);
  const encoder = await createFrameEncoder(options.encoder, { backend, workers: options.workers });
  const progress = startProgress(terminal, 'Encoding');
  const sequences = await encodeDataset(videos, encoder, {
    frameRate,
    labels,
    background,
    cacheDir,
    mirroredToo: new Set(mirror ? videos : []),
    onVideo: (done, all, name) => progress.update(done / all, name),
    onWarning: note,
  });
  progress.stop();

  const rows: { variant: string; seed: number; folds: FoldScores[] }[] = [];
  for (const { variant, network } of variantsOf(options.network ?? {}, flags.ablation ?? false)) {
    for (const seed of flags.seeds) {
      const training = { ...options, network, labels, seed, frameRate };
      const folds = await crossValidate(sequences, splitsOf(seed), training, (fold, scores) => {
        const { clipAccuracy, frameAccuracy } = scores;
        const accuracies = `clips ${clipAccuracy?.toFixed(1) ?? '–'} %, frames ${frameAccuracy?.toFixed(1) ?? '–'} %`;
        note(`${variant}, seed ${seed}, ${fold}: ${accuracies}`);
      });
      rows.push({ variant, seed, folds });
    }
  }
  const summaries = summarize(rows);
  const table = formatTable(summaries);
  await writeFileAtomic(path.join(options.outputDir, 'cross-validation.md'), `${table}\n`);
  await writeFileAtomic(path.join(options.outputDir, 'cross-validation.json'), JSON.stringify(rows));
  console.log(flags.json ? JSON.stringify(summaries) : table);

  function splitsOf(seed: number) {
    if (!flags.eachGroup) return crossValidationSplits(videos, { ...options, seed });
    return flags.eachGroup.flatMap((group) =>
      crossValidationSplits(videos, { ...options, validationGroups: [group] }),
    );
  }
}
