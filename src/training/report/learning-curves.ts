import type { TrainingRecord } from '../loop/training-log.js';

/** One point of a curve: several steps, summarized. */
export interface CurvePoint {
  /** Epochs done so far: 1.5 is the middle of the second epoch. */
  epoch: number;
  mean: number;
  low: number;
  high: number;
}

/** Values that both steps and epochs have. */
type Quantity = 'learningRate' | 'gradientNorm' | 'clippedGradientNorm';

type StepRecord = Extract<TrainingRecord, { kind: 'step' }>;
export type EpochRecord = Extract<TrainingRecord, { kind: 'epoch' }>;

/** Points of a curve: about as many as a screen can resolve. */
const MAX_POINTS = 200;

/** Turns the log of a training into curves over its epochs. */
export class LearningCurves {
  readonly epochs: readonly EpochRecord[];
  readonly #steps: readonly StepRecord[];

  constructor(records: readonly TrainingRecord[]) {
    this.epochs = records.filter((record) => record.kind === 'epoch');
    this.#steps = records.filter((record) => record.kind === 'step');
  }

  /** The epoch whose weights were kept; undefined before the first epoch has ended. */
  get bestEpoch(): EpochRecord | undefined {
    return this.epochs.findLast(({ isBest }) => isBest);
  }

  /** The loss of the steps; empty if the log has no steps. */
  get stepLoss(): CurvePoint[] {
    return this.#thin(this.#steps, ({ loss }) => loss);
  }

  /** A quantity of the steps, or of the epochs if the log has no steps. */
  of(quantity: Quantity): CurvePoint[] {
    return this.#steps.length > 0
      ? this.#thin(this.#steps, (step) => step[quantity])
      : this.#thin(this.epochs, (epoch) => epoch[quantity]);
  }

  #thin<Row extends TrainingRecord>(rows: readonly Row[], valueOf: (row: Row) => number): CurvePoint[] {
    const width = Math.ceil(rows.length / MAX_POINTS);
    return Array.from({ length: Math.ceil(rows.length / width) || 0 }, (_, point) => {
      const group = rows.slice(point * width, (point + 1) * width);
      const values = group.map(valueOf);
      return {
        epoch: this.#epochsDone(group.at(-1)!.step),
        mean: values.reduce((sum, value) => sum + value, 0) / values.length,
        low: Math.min(...values),
        high: Math.max(...values),
      };
    });
  }

  /** Position of a step in epochs. An epoch that has not ended is assumed to be as long as the one before. */
  #epochsDone(step: number): number {
    const current = this.epochs.findIndex((epoch) => step <= epoch.step);
    const done = current === -1 ? this.epochs.length : current;
    const start = this.epochs[done - 1]?.step ?? 0;
    const length =
      (this.epochs[done]?.step ?? Infinity) - start < Infinity
        ? this.epochs[done]!.step - start
        : start - (this.epochs[done - 2]?.step ?? 0);
    return done + (length > 0 ? (step - start) / length : 0);
  }
}
