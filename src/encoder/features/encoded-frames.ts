/** Features of consecutive frames. */
export interface EncodedFrames {
  /** `VideoFrame.index` of the first frame. */
  firstIndex: number;
  /** Presentation times, `[numFrames]`, in seconds since the stream's start. */
  timesSec: Float64Array;
  /** float32 `[numFrames, featureSize]`. */
  features: Float32Array;
}

/**
 * Joins batches of consecutive frames into longer stretches. Labeling stretches of 32 frames costs half as much per frame as
 * labeling batches of 8.
 *
 * @param numFrames - The least number of frames per stretch; the last stretch may have fewer.
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

/** Copies arrays into one, one after another. */
export function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
