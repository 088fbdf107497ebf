import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { prepareOutputFolder, writeFileAtomic } from '../../runtime/output-file.js';
import { crossValidate, type CrossValidateOptions } from '../../training/evaluation/cross-validate.js';
import { formatCrossValidation } from '../../training/evaluation/cross-validation-table.js';
import type { DatasetScores } from '../../training/evaluation/score-sequences.js';
import { startProgress } from '../terminal/progress.js';
import {
  printJson,
  printNote,
  printResult,
  type CommandOutcome,
  type Terminal,
} from '../terminal/terminal.js';
import { addTrainOptions, trainingOptionsOf } from './train-options.js';

interface CrossValidateFlags {
  seeds: number[];
  eachGroup?: string[];
  ablation?: boolean;
  json?: boolean;
}

/** `framewise cross-validate`. */
export function crossValidateCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  const command = new Command('cross-validate')
    .description(
      'Train on every split of a dataset with every seed, and score the held-out videos. ' +
        'Only the table is saved, in the folder of --output if it is given.',
    )
    .argument('<dataset>', 'folder, or CSV file with the columns video,label,start,end')
    .option('--seeds <list>', 'seeds of splits and weights, separated by commas', parseSeeds, [1, 2, 3])
    .option('--each-group <names>', 'groups to hold out, one at a time', (text) => text.split(','))
    .option('--ablation', 'also train with every other cell, without a cell, and without motion features')
    .option('--json', 'print one JSON object on stdout');
  addTrainOptions(command);
  return command.action(async (dataset: string, flags: CrossValidateFlags) => {
    const { seeds, eachGroup, ablation } = flags;
    const options = { ...(await trainingOptionsOf(command)), seeds, eachGroup, isAblation: ablation };
    report(await run(terminal, dataset, options, flags.json ?? false));
  });
}

async function run(
  terminal: Terminal,
  dataset: string,
  options: CrossValidateOptions,
  isJson: boolean,
): Promise<CommandOutcome> {
  const outputDir = options.run?.outputDir;
  if (outputDir !== undefined) await prepareOutputFolder(outputDir);
  const progress = startProgress(terminal, 'Encoding');
  try {
    const { runs, summaries, leftOut } = await crossValidate(dataset, {
      ...options,
      signal: terminal.signal,
      onWarning: (message) => printNote(terminal, message, 'note:'),
      onProgress: ({ numDone, numTotal, name }) => {
        progress.update(numDone / numTotal, name);
        if (numDone === numTotal) progress.stop();
      },
      onFold: ({ variant, seed, fold, scores }) =>
        printNote(terminal, `${variant}, seed ${seed}, ${fold}: ${formatAccuracies(scores)}`),
    });
    const table = formatCrossValidation(summaries);
    if (outputDir !== undefined) {
      await writeFileAtomic(path.join(outputDir, 'cross-validation.md'), `${table}\n`);
      await writeFileAtomic(path.join(outputDir, 'cross-validation.json'), JSON.stringify(runs));
    }
    if (isJson) printJson(terminal, summaries);
    else printResult(terminal, ...table.split('\n'));
    return { isAllDone: leftOut.length === 0 };
  } finally {
    progress.stop();
  }
}

function formatAccuracies({ clipAccuracy, frameAccuracy }: DatasetScores): string {
  return `clips ${clipAccuracy?.toFixed(1) ?? '–'} %, frames ${frameAccuracy?.toFixed(1) ?? '–'} %`;
}

/**
 * Reads seeds separated by commas.
 *
 * @throws {InvalidArgumentError} If one is not a whole number, 1 or more.
 */
export function parseSeeds(text: string): number[] {
  return text.split(',').map((item) => {
    const seed = Number(item);
    if (item.trim() !== '' && Number.isInteger(seed) && seed >= 1) return seed;
    throw new InvalidArgumentError('Expected whole numbers, 1 or more, separated by commas.');
  });
}
