import { z } from 'zod';
import { UsageError } from '../../errors.js';
import { exportState, importState, type LabelerState } from '../../labeler/labeler-state.js';
import type { TemporalLabeler } from '../../labeler/temporal-labeler.js';
import type { CheckpointContent } from './checkpoint-file.js';
import type { LaneTrainer } from './lane-trainer.js';
import type { EpochReport } from './training-reports.js';

/** Progress of a training. */
export interface TrainingProgress {
  /** The current or next epoch, from 1. */
  epoch: number;
  /** Completed steps of that epoch. With the epoch's plan, they determine the position of each lane. */
  numDone: number;
  /** Completed steps of the whole training. */
  numSteps: number;
  totals: EpochTotals;
  history: EpochReport[];
  /** The best epoch so far. `goodness` is null without validation videos. */
  best: { epoch: number; goodness: number | null };
}

/** Sums over the steps of an epoch. */
export interface EpochTotals {
  loss: number;
  numLabelled: number;
  gradientNorm: number;
  clippedGradientNorm: number;
  /** Learning rate of the last step. */
  learningRate: number;
}

/** What must be the same to resume a training. */
export interface TrainingIdentity {
  /** Hash of the training and validation data. */
  dataset: string;
  /** Settings that determine the result. */
  settings: Record<string, unknown>;
}

/** Facts of a checkpoint, stored beside its arrays. */
export interface CheckpointFacts {
  progress: TrainingProgress;
  identity: TrainingIdentity;
  /** Backend that computed the arrays. */
  backend: string;
  /** Steps of the optimizer, which skips steps without a label. */
  optimizerSteps: number;
}

const count = z.int().min(0);
const factsSchema = z.object({
  progress: z.object({
    epoch: z.int().min(1),
    numDone: count,
    numSteps: count,
    totals: z.object({
      loss: z.number(),
      numLabelled: count,
      gradientNorm: z.number(),
      clippedGradientNorm: z.number(),
      learningRate: z.number(),
    }),
    history: z.array(z.looseObject({ epoch: z.int().min(1), trainingLoss: z.number(), isBest: z.boolean() })),
    best: z.object({ epoch: count, goodness: z.number().nullable() }),
  }),
  identity: z.object({ dataset: z.string(), settings: z.record(z.string(), z.unknown()) }),
  backend: z.string(),
  optimizerSteps: count,
});

/** Names of arrays: a part of the training, and a tensor of a network with at most 99 layers. */
const ARRAY_NAME = /^(?:weights|firstMoments|secondMoments|bestWeights|states\/\d{1,6})\/[\w.]+$/;
const LAYER = /^states\/\d+\/(?:\d{1,2}\.\w+|\w+)$/;

/** Whether a checkpoint says what a training can continue from. Whether it fits the network shows when it is restored. */
export function isTrainingCheckpoint(content: CheckpointContent<unknown>): content is TrainingCheckpoint {
  const names = [...content.arrays.keys()];
  const areNamed = names.every(
    (name) => ARRAY_NAME.test(name) && (!name.startsWith('states/') || LAYER.test(name)),
  );
  return areNamed && factsSchema.safeParse(content.facts).success;
}

export type TrainingCheckpoint = CheckpointContent<CheckpointFacts>;

/** The changing parts of a training. */
export interface TrainingParts {
  labeler: TemporalLabeler;
  trainer: LaneTrainer;
  bestWeights: ReadonlyMap<string, Float32Array>;
}

/** Copies everything that the next step depends on. */
export async function captureTraining(
  { labeler, trainer, bestWeights }: TrainingParts,
  facts: Omit<CheckpointFacts, 'optimizerSteps'>,
): Promise<TrainingCheckpoint> {
  const { numSteps, firstMoments, secondMoments } = trainer.adam.exportState();
  const states = await Promise.all(trainer.states.map(exportState));
  const parts: [prefix: string, arrays: Iterable<[string | number, Float32Array]>][] = [
    ['weights', await labeler.exportWeights()],
    ['firstMoments', firstMoments.entries()],
    ['secondMoments', secondMoments.entries()],
    ['bestWeights', bestWeights],
    ...states.map((state, index): [string, Map<string, Float32Array>] => [`states/${index}`, state]),
  ];
  const arrays = parts.flatMap(([prefix, named]) =>
    [...named].map(([name, values]): [string, Float32Array] => [`${prefix}/${name}`, values]),
  );
  return { facts: { ...facts, optimizerSteps: numSteps }, arrays: new Map(arrays) };
}

/**
 * Restores a copy from {@link captureTraining}.
 *
 * @returns The best weights, and the lanes' states, which the caller disposes.
 * @throws {ShapeError} If the checkpoint is not of this network.
 */
export function restoreTraining(
  { labeler, trainer }: Pick<TrainingParts, 'labeler' | 'trainer'>,
  { facts, arrays }: TrainingCheckpoint,
): { bestWeights: Map<string, Float32Array>; states: LabelerState[] } {
  const part = (prefix: string): Map<string, Float32Array> => {
    const named = [...arrays].filter(([name]) => name.startsWith(`${prefix}/`));
    return new Map(named.map(([name, values]) => [name.slice(prefix.length + 1), values]));
  };
  labeler.importWeights(part('weights'));
  trainer.adam.importState({
    numSteps: facts.optimizerSteps,
    firstMoments: [...part('firstMoments').values()],
    secondMoments: [...part('secondMoments').values()],
  });
  const states: LabelerState[] = [];
  for (let index = 0; part(`states/${index}`).size > 0; index++) {
    states.push(importState(part(`states/${index}`)));
  }
  return { bestWeights: part('bestWeights'), states };
}

/** @throws {UsageError} If the checkpoint belongs to a training with other data or settings. */
export function expectSameTraining(then: TrainingIdentity, now: TrainingIdentity, folder: string): void {
  const advice = 'Resume with the original data and settings, or start again in another folder.';
  if (then.dataset !== now.dataset) {
    throw new UsageError(
      `The checkpoint in "${folder}" is of another dataset: videos, labels, split or features differ. ${advice}`,
    );
  }
  const names = new Set([...Object.keys(then.settings), ...Object.keys(now.settings)]);
  const format = (value: unknown): string => JSON.stringify(value) ?? 'none';
  const changes = [...names]
    .map((name) => ({ name, before: format(then.settings[name]), after: format(now.settings[name]) }))
    .filter(({ before, after }) => before !== after)
    .map(({ name, before, after }) => `${name} was ${before} and is ${after}`);
  if (changes.length > 0) {
    throw new UsageError(
      `The checkpoint in "${folder}" is of a training with other settings: ${changes.join('; ')}. ${advice}`,
    );
  }
}
