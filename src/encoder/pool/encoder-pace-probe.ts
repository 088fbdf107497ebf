/** Entry of a process that measures the backend named by its first argument and sends an `EncoderPace`. */
import type { BackendName } from '../../runtime/backend.js';
import { createFrameEncoder, type EncoderPace } from '../create-frame-encoder.js';
import { DEFAULT_ENCODER } from '../encoder-spec.js';
import type { FrameEncoder } from '../frame-encoder.js';

const MEASURE_MS = 2000;
const USUAL_BATCH = 8;

/** Encodes batches of growing size, up to the encoder's own. @returns The highest number of frames per second. */
async function paceOf(encoder: FrameEncoder): Promise<number> {
  const { concurrency = 1, batchSize = USUAL_BATCH, inputWidth, inputHeight } = encoder;
  const bytesPerFrame = inputWidth * inputHeight * 3;
  const pixels = new Uint8Array(new SharedArrayBuffer(batchSize * bytesPerFrame));
  pixels.forEach((_, place) => (pixels[place] = place % 251));
  const encode = async (numFrames: number): Promise<number> => {
    const begin = performance.now();
    const batch = pixels.subarray(0, numFrames * bytesPerFrame);
    await Promise.all(Array.from({ length: concurrency }, () => encoder.encode(batch, numFrames)));
    return (1000 * concurrency * numFrames) / (performance.now() - begin);
  };
  await encode(1); // Starts the threads, compiles what is compiled.
  const end = performance.now() + MEASURE_MS;
  let best = 0;
  for (
    let numFrames = 1;
    best === 0 || performance.now() < end;
    numFrames = Math.min(2 * numFrames, batchSize)
  ) {
    best = Math.max(best, await encode(numFrames));
  }
  return best;
}

let answer: EncoderPace;
try {
  const encoder = await createFrameEncoder(DEFAULT_ENCODER, { backend: process.argv[2] as BackendName });
  answer = { framesPerSec: await paceOf(encoder) };
} catch (error) {
  answer = { reason: (error as Error).message };
}
process.send!(answer, () => process.exit());
