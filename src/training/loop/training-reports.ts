import type { DatasetScores } from '../evaluation/score-sequences.js';

/** What one step of the optimizer reports. */
export interface StepReport {
  epoch: number;
  /** Steps taken since the training began, this one included. */
  step: number;
  /** Share of the epoch's frames seen after this step, 0 to 1. */
  share: number;
  /** Mean loss of the step's labeled frames, in nats. */
  loss: number;
  /** Labeled frames of the step. */
  numLabelled: number;
  learningRate: number;
  /** Norm of the gradient over all weights. */
  gradientNorm: number;
  /** Norm of the gradient after clipping, as the optimizer saw it. */
  clippedGradientNorm: number;
}

/** What one pass over the data reports. */
export interface EpochReport {
  /** Number of this epoch, from 1. */
  epoch: number;
  /** Number of epochs planned. */
  epochs: number;
  /** Mean loss per labeled frame with dropout on, in nats. */
  trainingLoss: number;
  /** Learning rate of the last step. */
  learningRate: number;
  /** Mean norm of the gradient before clipping. */
  gradientNorm: number;
  /** Mean norm of the gradient after clipping. */
  clippedGradientNorm: number;
  /** Scores of the validation videos; null without any. */
  validation: DatasetScores | null;
  /** Whether this is the best epoch so far. */
  isBest: boolean;
}
