/**
 * From labeled sequences to the tensors of a training step: an epoch is planned as chunks of lanes, and the chunks of one
 * step are gathered into a batch.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { drawView, type SequenceView } from '../data/augmentation.js';
import { createRandom, shuffle, type Random } from '../data/random.js';
import { UNLABELED, type LabeledSequence, type ShownFrames } from '../data/sequences.js';

/** The frames of one sequence that one lane contributes to a training step. */
export interface LaneChunk {
  /** Position of the sequence in the list, or −1 if no sequence is left for the lane. */
  sequence: number;
  /** First frame of the chunk. */
  start: number;
  /** Number of frames, at most the chunk length. */
  length: number;
  /** Whether a sequence begins here, so that the lane's state starts at zero. */
  isFirst: boolean;
}

/** The training steps of one epoch. */
export interface EpochPlan {
  /** One-based. */
  epoch: number;
  /** The augmented view of each sequence, in the order in which lanes take them. `LaneChunk.sequence` is an index of it. */
  views: SequenceView[];
  /** For each step, one chunk per lane. */
  steps: LaneChunk[][];
  /** Frames of all steps. */
  numFrames: number;
}

/** Settings that determine a plan, besides the data. */
export interface PlanOptions {
  seed: number;
  numLanes: number;
  chunkLength: number;
  isClipMode: boolean;
  speedJitter: number;
  lookahead: number;
}

/** Separates the random numbers of plans from those drawn for other purposes. */
const STREAM = 1;

/**
 * Plans an epoch. The plan depends only on the data, the settings and the epoch's number, so that a resumed training plans
 * the same steps again.
 */
export function planEpoch(
  epoch: number,
  sequences: readonly LabeledSequence[],
  options: PlanOptions,
): EpochPlan {
  const { seed, numLanes, chunkLength, isClipMode } = options;
  const random = createRandom(seed, STREAM, epoch);
  const order = shuffle([...sequences.keys()], random);
  const views = order.map((sequence) => drawView(sequence, sequences[sequence]!, options, random));
  const lengths = views.map(({ numFrames }) => numFrames);
  const steps = isClipMode
    ? batchWhole(lengths, { batchSize: numLanes, random })
    : [...walkInLanes(lengths, { numLanes, chunkLength })];
  return { epoch, views, steps, numFrames: lengths.reduce((sum, length) => sum + length, 0) };
}

/**
 * Walks sequences in chunks, several side by side, for truncated backpropagation. A lane that reaches the end of its
 * sequence takes the next one from the list. There are at most as many lanes as sequences. Each frame occurs exactly once.
 *
 * @param lengths - Number of frames of each sequence, in the order in which lanes take them.
 * @yields The chunks of one step, one per lane.
 */
export function* walkInLanes(
  lengths: readonly number[],
  { numLanes, chunkLength }: { numLanes: number; chunkLength: number },
): Generator<LaneChunk[]> {
  let next = 0;
  const lanes = Array.from({ length: Math.min(numLanes, lengths.length) }, () => ({
    sequence: -1,
    start: 0,
  }));
  for (;;) {
    const chunks = lanes.map((lane): LaneChunk => {
      const isFirst = lane.sequence < 0 || lane.start >= (lengths[lane.sequence] as number);
      if (isFirst) {
        while (next < lengths.length && lengths[next] === 0) next++;
        if (next >= lengths.length) return { sequence: -1, start: 0, length: 0, isFirst };
        lane.sequence = next++;
        lane.start = 0;
      }
      const { sequence, start } = lane;
      const length = Math.min(chunkLength, (lengths[sequence] as number) - start);
      lane.start += length;
      return { sequence, start, length, isFirst };
    });
    if (chunks.every(({ sequence }) => sequence < 0)) return;
    yield chunks;
  }
}

/** Number of batches sorted together by length. More means less padding, fewer means better mixing. */
const NUM_SORTED_BATCHES = 8;

/**
 * Batches whole sequences for clip mode. Sequences of similar length share a batch, so that there is little padding.
 *
 * @param lengths - Number of frames of each sequence, in shuffled order.
 * @param random - Shuffles the batches, so that they are not ordered by length.
 * @returns For each step, one chunk per sequence.
 */
export function batchWhole(
  lengths: readonly number[],
  { batchSize, random }: { batchSize: number; random: Random },
): LaneChunk[][] {
  const sequences = [...lengths.keys()].filter((sequence) => lengths[sequence]! > 0);
  const batches: LaneChunk[][] = [];
  for (const section of pieces(sequences, batchSize * NUM_SORTED_BATCHES)) {
    section.sort((a, b) => lengths[a]! - lengths[b]!);
    for (const batch of pieces(section, batchSize)) {
      batches.push(
        batch.map((sequence) => ({ sequence, start: 0, length: lengths[sequence]!, isFirst: true })),
      );
    }
  }
  return shuffle(batches, random);
}

function pieces<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

/** The chunks of one step as tensors. Padding is zero and has no weight in the loss. */
export type LaneBatch = {
  /** float32 `[lanes, time, featureSize]`. */
  features: Tensor3D;
  /**
   * 1 for a frame and 0 for padding, float32 `[lanes, time]`. Undefined without padding, because some backends are faster
   * without a mask.
   */
  mask: Tensor2D | undefined;
  /** Weighted distributions over labels, as `sequenceLoss` expects them, float32 `[lanes, time, labels]`. */
  targets: Tensor3D;
  /** 1 if a frame and the one before belong to one video, float32 `[lanes, time − 1]`. Undefined for a single frame. */
  pairs: Tensor2D | undefined;
  /** Number of labeled frames. */
  numLabelled: number;
};

/** How {@link gatherLanes} turns frames and labels into numbers. */
export interface LaneBatchOptions {
  featureSize: number;
  /** Weight of a frame of each label, `[numLabels]`. */
  frameWeights: Float32Array;
  /** Share of each target that is spread evenly over all labels. */
  labelSmoothing: number;
  /** Changes a copy of a lane's features in place, for example by adding noise. */
  alter?: (features: Float32Array, lane: number) => void;
}

/**
 * Gathers the chunks of one step into tensors.
 *
 * @param shown - Frames of each lane's sequence. Undefined for a lane without one, or whose frames are not needed.
 * @returns Tensors that the caller disposes.
 */
export function gatherLanes(
  chunks: readonly LaneChunk[],
  shown: readonly (ShownFrames | undefined)[],
  { featureSize, frameWeights, labelSmoothing, alter }: LaneBatchOptions,
): LaneBatch {
  const numLanes = chunks.length;
  const numLabels = frameWeights.length;
  const numSteps = Math.max(...chunks.map(({ length }) => length));
  const features = new Float32Array(numLanes * numSteps * featureSize);
  const targets = new Float32Array(numLanes * numSteps * numLabels);
  const mask = new Float32Array(numLanes * numSteps);
  const pairs = new Float32Array(numLanes * (numSteps - 1));
  let numLabelled = 0;
  chunks.forEach(({ start, length }, lane) => {
    const frames = shown[lane];
    if (!frames) return;
    mask.fill(1, lane * numSteps, lane * numSteps + length);
    const first = lane * numSteps * featureSize;
    features.set(frames.features.subarray(start * featureSize, (start + length) * featureSize), first);
    alter?.(features.subarray(first, first + length * featureSize), lane);
    pairs.fill(1, lane * (numSteps - 1), lane * (numSteps - 1) + length - 1);
    for (let step = 0; step < length; step++) {
      const target = frames.targets[start + step]!;
      if (target === UNLABELED) continue;
      const row = (lane * numSteps + step) * numLabels;
      const weight = frameWeights[target]!;
      targets.fill((weight * labelSmoothing) / numLabels, row, row + numLabels);
      targets[row + target]! += weight * (1 - labelSmoothing);
      numLabelled++;
    }
  });
  return {
    features: tf.tensor3d(features, [numLanes, numSteps, featureSize]),
    mask: mask.includes(0) ? tf.tensor2d(mask, [numLanes, numSteps]) : undefined,
    targets: tf.tensor3d(targets, [numLanes, numSteps, numLabels]),
    pairs: numSteps > 1 ? tf.tensor2d(pairs, [numLanes, numSteps - 1]) : undefined,
    numLabelled,
  };
}
