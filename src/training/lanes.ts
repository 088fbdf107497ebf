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
