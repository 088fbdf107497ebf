/**
 * Trains a part-of-speech tagger on one CoNLL-U file and tests it on another. It shows the recurrent layers on a task without
 * video.
 *
 *   npx tsx examples/pos-tagging.ts train.conllu dev.conllu
 *   npx tsx examples/pos-tagging.ts train.conllu dev.conllu --epochs 4 --units 64 --json
 *
 * Treebanks of many languages in this format: https://universaldependencies.org
 */
import { Command } from 'commander';
import { wholeNumber } from '../src/cli/options.js';
import { exitCodeOf } from '../src/cli/run-cli.js';
import { startProgress } from '../src/cli/terminal/progress.js';
import type { Terminal } from '../src/cli/terminal/terminal.js';
import { startBackend } from '../src/runtime/backend.js';
import { readConllu, type TaggedSentence } from './pos-tagging/conllu.js';
import { reportErrors, type ErrorReport } from './pos-tagging/error-report.js';
import { formatReport } from './pos-tagging/format-report.js';
import type { Tagger } from './pos-tagging/tagger.js';
import { trainTagger } from './pos-tagging/train-tagger.js';
import { normalize } from './pos-tagging/word-features.js';

interface Flags {
  epochs: number;
  units: number;
  seed: number;
  json?: boolean;
}

const program = new Command('pos-tagging')
  .description('Train a part-of-speech tagger with a bidirectional LSTM, and report what it gets wrong.')
  .argument('<train>', 'CoNLL-U file to learn from')
  .argument('<dev>', 'CoNLL-U file to test on')
  .option('--epochs <n>', 'passes over the training data', wholeNumber(1), 5)
  .option('--units <n>', 'units of the LSTM in each direction', wholeNumber(1), 128)
  .option('--seed <n>', 'fixes all that is drawn at random', wholeNumber(1), 1)
  .option('--json', 'print one JSON object on stdout')
  .addHelpText('after', '\nExit codes: 0 done, 1 a file cannot be used or training failed, 2 wrong usage.')
  .exitOverride();

const terminal: Terminal = {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: new AbortController().signal,
};

try {
  await program.parseAsync();
  const [trainFile, devFile] = program.args as [string, string];
  await run(trainFile, devFile, program.opts<Flags>());
} catch (error) {
  process.exitCode = exitCodeOf(error, terminal);
}

async function run(trainFile: string, devFile: string, { json, ...settings }: Flags): Promise<void> {
  const [train, dev] = [await readConllu(trainFile), await readConllu(devFile)];
  const backend = await startBackend('wasm');
  console.error(`${describe('Training', train)}; ${describe('test', dev)}; backend ${backend}`);

  const begin = performance.now();
  const progress = startProgress(terminal, 'Training');
  const tagger = await trainTagger(train, {
    ...settings,
    onStep: (share, loss) => progress.update(share, `loss ${loss.toFixed(3)}`),
  }).finally(() => progress.stop());
  console.error(`Trained in ${((performance.now() - begin) / 1000).toFixed(0)} s`);

  const report = await judge(tagger, train, dev);
  tagger.dispose();
  console.log(json ? JSON.stringify({ ...settings, ...report }) : formatReport(report));
}

/** Tags sentences with known tags. */
async function judge(
  tagger: Tagger,
  train: readonly TaggedSentence[],
  dev: readonly TaggedSentence[],
): Promise<ErrorReport> {
  const known = new Set(train.flatMap(({ forms }) => forms.map(normalize)));
  const predicted = await tagger.tag(dev.map(({ forms }) => forms));
  return reportErrors(
    dev.flatMap(({ forms, tags }, sentence) =>
      forms.map((form, position) => ({
        form,
        gold: tags[position]!,
        predicted: predicted[sentence]![position]!,
        isKnown: known.has(normalize(form)),
      })),
    ),
  );
}

function describe(what: string, sentences: readonly TaggedSentence[]): string {
  const numWords = sentences.reduce((sum, { forms }) => sum + forms.length, 0);
  return `${what}: ${sentences.length} sentences, ${numWords} words`;
}
