import Table from 'cli-table3';
import { Command } from 'commander';
import { evaluateModel } from '../training/evaluate-model.js';
import type { DatasetScores } from '../training/score-sequences.js';
import { cacheDirOf, cacheOptions, machineOptions, type MachineOptions } from './options.js';
import type { CommandOutcome } from './run-cli.js';
import { printNote, printResult, startProgress, type Terminal } from './terminal.js';

interface EvaluateFlags extends MachineOptions {
  model: string;
  cache?: string | boolean;
  json?: boolean;
}

/** `framewise evaluate`. */
export function evaluateCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  const command = new Command('evaluate')
    .description('Compare what a model says of labelled videos with the truth.')
    .argument('<dataset>', 'folder, or CSV file with the columns video,label,start,end')
    .requiredOption('--model <dir>', 'folder of a trained model')
    .option('--json', 'print one JSON object on stdout');
  for (const option of [...cacheOptions(), ...machineOptions()]) command.addOption(option);
  return command.action(async (dataset: string, flags: EvaluateFlags) =>
    report(await evaluate(terminal, dataset, flags)),
  );
}

async function evaluate(terminal: Terminal, dataset: string, flags: EvaluateFlags): Promise<CommandOutcome> {
  const progress = startProgress(terminal, 'Encoding');
  try {
    const scores = await evaluateModel(dataset, flags.model, {
      backend: flags.backend,
      workers: flags.workers,
      cacheDir: cacheDirOf(flags.cache),
      signal: terminal.signal,
      onWarning: (message) => printNote(terminal, `note: ${message}`),
      onVideo: (done, all, name) => progress.update(done / all, name),
    });
    progress.stop();
    printResult(terminal, flags.json ? JSON.stringify(scores) : spell(scores));
    return { isAllDone: true };
  } finally {
    progress.stop();
  }
}

function spell({
  frameAccuracy,
  clipAccuracy,
  edit,
  f1,
  labels,
  confusion,
  perLabel,
  numFrames,
  numVideos,
}: DatasetScores): string {
  const percent = (value: number | null): string => (value === null ? '–' : value.toFixed(1));
  const summary = new Table({ head: ['', '%'], style: { head: [], border: [] } });
  summary.push(['frame accuracy', percent(frameAccuracy)]);
  if (clipAccuracy !== null) summary.push(['clip accuracy', percent(clipAccuracy)]);
  summary.push(['edit', percent(edit)]);
  for (const overlap of [10, 25, 50] as const) summary.push([`F1@${overlap}`, percent(f1[overlap])]);
  const detail = new Table({
    head: ['truth', 'frames', 'precision', 'recall', ...labels],
    style: { head: [], border: [] },
  });
  perLabel.forEach(({ label, numFrames: shown, precision, recall }, row) => {
    detail.push([label, shown, percent(precision), percent(recall), ...(confusion[row] as number[])]);
  });
  return `${numVideos} videos, ${numFrames} labelled frames\n${summary.toString()}\n${detail.toString()}`;
}
