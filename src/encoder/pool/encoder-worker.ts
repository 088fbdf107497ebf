/**
 * Entry of a worker thread. Loads the network of `workerData`, reports its properties, and then answers each batch with its
 * features. Only loading errors are answered; any other error ends the thread, which tells the pool.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { EncoderError } from '../../errors.js';
import { startBackend } from '../../runtime/backend.js';
import type { Batch, EncoderThreadData, Opening } from './encoder-thread.js';
import { InThreadEncoder } from './in-thread-encoder.js';

const { spec, backend } = workerData as EncoderThreadData;
const port = parentPort!;

try {
  await startBackend(backend);
  const encoder = await InThreadEncoder.load(spec);
  const { id, inputWidth, inputHeight, pictureFit, featureSize } = encoder;
  const parts = encoder.parts?.map((part) => ({ id: part.id, featureSize: part.featureSize }));
  port.on('message', ({ pixels, numFrames, part }: Batch) => {
    const asked = part === undefined ? encoder : encoder.parts![part]!;
    asked.encode(pixels, numFrames).then(
      (features) => port.postMessage(features, [features.buffer as ArrayBuffer]),
      // Thrown outside the promise, because Node can be told to ignore rejections.
      (error) =>
        process.nextTick(() => {
          throw error;
        }),
    );
  });
  port.postMessage({ id, inputWidth, inputHeight, pictureFit, featureSize, parts } satisfies Opening);
} catch (error) {
  if (!(error instanceof EncoderError)) throw error;
  port.postMessage({ encoderError: error.message } satisfies Opening); // Cloning would lose the error's class.
}
