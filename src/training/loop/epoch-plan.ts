import { drawView, type SequenceView } from '../data/augmentation.js';
import { batchWhole, walkInLanes, type LaneChunk } from './lanes.js';
import { createRandom, shuffle } from '../data/random.js';
import type { LabeledSequence } from '../data/sequences.js';

/** What an epoch shows, and in what order. */
export interface EpochPlan {
  /** One-based. */
  epoch: number;
  /** How each sequence is shown, in the order in which lanes take them; `LaneChunk.sequence` is a position here. */
  views: SequenceView[];
  /** A chunk for each lane, for each step. */
  steps: LaneChunk[][];
  numFrames: number;
}

/** What a plan depends on beside the data. */
export interface PlanOptions {
  seed: number;
  numLanes: number;
  chunkLength: number;
  isClipMode: boolean;
  speedJitter: number;
  lookahead: number;
}

/** Tells the numbers drawn for plans from those drawn for other ends. */
const STREAM = 1;

/** Plans an epoch: by the seed and the epoch's number alone, so that it can be planned again to go on in its middle. */
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
