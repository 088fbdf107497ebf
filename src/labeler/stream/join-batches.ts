import type { EncodedFrames } from '../../encoder/features/encode-frames.js';
import { concatenate } from './concatenate.js';

/**
 * Joins batches of consecutive frames, as labeling costs half as much a frame in stretches of 32 as in batches of 8.
 *
 * @param numFrames - Frames of a stretch, at least; the last one may have fewer.
 */
export async function* joinBatches(
  batches: AsyncIterable<EncodedFrames>,
  numFrames: number,
): AsyncGenerator<EncodedFrames, void, undefined> {
  let waiting: EncodedFrames[] = [];
  let numWaiting = 0;
  for await (const batch of batches) {
    waiting.push(batch);
    numWaiting += batch.timesSec.length;
    if (numWaiting < numFrames) continue;
    yield join(waiting);
    waiting = [];
    numWaiting = 0;
  }
  if (waiting.length > 0) yield join(waiting);
}

function join(batches: readonly EncodedFrames[]): EncodedFrames {
  if (batches.length === 1) return batches[0]!;
  return {
    firstIndex: batches[0]!.firstIndex,
    timesSec: Float64Array.from(batches.flatMap(({ timesSec }) => [...timesSec])),
    features: concatenate(batches.map(({ features }) => features)),
  };
}
