import type { FoldScores } from './score-folds.js';
import type { DatasetScores } from './score-sequences.js';

/** The folds of one network trained with one seed. */
export interface CrossValidationRun {
  /** Name of the network. */
  variant: string;
  seed: number;
  folds: FoldScores[];
}

/** Mean and standard deviation over folds and seeds, and the mean of each seed. */
interface ScoreSpread {
  mean: number;
  deviation: number;
  bySeed: number[];
}

/** The scores of one network over all folds and seeds. */
export interface VariantSummary {
  variant: string;
  /** Percentages by the name of the score; null where a score is undefined for the dataset. */
  scores: Record<string, ScoreSpread | null>;
  /** Geometric mean of the temperatures that calibrate the models. */
  temperature: number;
}

const COLUMNS: Record<string, (fold: FoldScores) => number | null> = {
  'clip accuracy': ({ scores }) => scores.clipAccuracy,
  'frame accuracy': ({ scores }) => scores.frameAccuracy,
  edit: ({ scores }) => scores.edit,
  'F1@50': ({ scores }) => scores.f1[50],
  'frame accuracy, smoothed': ({ smoothed }) => smoothed.frameAccuracy,
  'edit, smoothed': ({ smoothed }) => smoothed.edit,
  'F1@50, smoothed': ({ smoothed }) => smoothed.f1[50],
};

/** Summarizes the folds and seeds of each network. */
export function summarizeRuns(runs: readonly CrossValidationRun[]): VariantSummary[] {
  return [...new Set(runs.map(({ variant }) => variant))].map((variant) => {
    const seeds = runs.filter((run) => run.variant === variant).map(({ folds }) => folds);
    const logTemperatures = seeds.flat().map(({ temperature }) => Math.log(temperature));
    const scores = Object.entries(COLUMNS).map(([column, scoreOf]) => [column, spreadOf(seeds, scoreOf)]);
    return {
      variant,
      scores: Object.fromEntries(scores) as VariantSummary['scores'],
      temperature: Math.exp(mean(logTemperatures)),
    };
  });
}

/** Formats summaries as a Markdown table with one row per network: mean ± standard deviation (mean of each seed). */
export function formatCrossValidation(summaries: readonly VariantSummary[]): string {
  const columns = Object.keys(COLUMNS).filter((column) => summaries.some(({ scores }) => scores[column]));
  const header = ['network', ...columns, 'temperature'];
  const lines = summaries.map(({ variant, scores, temperature }) => [
    variant,
    ...columns.map((column) => formatSpread(scores[column] ?? null)),
    temperature.toFixed(2),
  ]);
  return [header, header.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function formatSpread(spread: ScoreSpread | null): string {
  if (!spread) return '–';
  const seeds = spread.bySeed.map((value) => value.toFixed(1)).join(', ');
  return `${spread.mean.toFixed(1)} ± ${spread.deviation.toFixed(1)} (${seeds})`;
}

function spreadOf(
  seeds: readonly FoldScores[][],
  scoreOf: (fold: FoldScores) => DatasetScores['edit'],
): ScoreSpread | null {
  const values = seeds.map((folds) => folds.map(scoreOf).filter((value) => value !== null));
  const all = values.flat();
  if (all.length === 0) return null;
  const center = mean(all);
  const deviation = Math.sqrt(mean(all.map((value) => (value - center) ** 2)));
  return { mean: center, deviation, bySeed: values.map(mean) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
