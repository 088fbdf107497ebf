import { shuffle, type Random } from '../data/random.js';

/** A stretch of one sequence that one lane of a batch shows the network. */
export interface LaneChunk {
  /** Position of the sequence in the list; −1 where the lane has run out and idles. */
  sequence: number;
  /** First frame of the stretch. */
  start: number;
  /** Frames of the stretch, at most the chunk's length. */
  length: number;
  /** Whether the lane's state must start anew, because another sequence begins. */
  isFirst: boolean;
}

/**
 * Walks sequences in chunks, several side by side, for truncated backpropagation through time: each lane of the batch
 * takes the next sequence from the list when it has come to the end of its own. Lanes are as many as asked for or as
 * there are sequences, and every frame comes exactly once.
 *
 * @param lengths - Frames of each sequence, in the order in which lanes take them.
 * @yields One chunk for each lane.
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

/** Batches that are sorted by length among themselves; more fill better, fewer mix better. */
const NUM_SORTED_BATCHES = 8;

/**
 * Puts whole sequences side by side, those of like length together, so that little is filled up. Each starts anew and
 * is shown in one piece.
 *
 * @param lengths - Frames of each sequence, in shuffled order.
 * @param random - Shuffles the batches, so that lengths do not come in order.
 * @returns The chunks of each batch.
 */
export function batchWhole(
  lengths: readonly number[],
  { batchSize, random }: { batchSize: number; random: Random },
): LaneChunk[][] {
  const sequences = [...lengths.keys()].filter((sequence) => lengths[sequence]! > 0);
  const batches: LaneChunk[][] = [];
  for (const stretch of pieces(sequences, batchSize * NUM_SORTED_BATCHES)) {
    stretch.sort((a, b) => lengths[a]! - lengths[b]!);
    for (const batch of pieces(stretch, batchSize)) {
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
