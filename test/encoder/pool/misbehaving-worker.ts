/**
 * Stands in for the encoder's worker in tests of the pool: pictures of one pixel, whose feature is its first byte. Some
 * bytes make it misbehave. `spec.path` names a folder where it leaves marks.
 */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parentPort, threadId, workerData } from 'node:worker_threads';
import type { EncoderThreadData } from '../../../src/encoder/pool/encoder-thread.js';

/** First byte of a batch that makes the worker do what the name says. */
export const MISBEHAVIOR = { exit: 250, throw: 251, throwOnce: 252, hang: 253, answerThenExit: 254 };

if (parentPort) {
  const port = parentPort;
  const folder = (workerData as EncoderThreadData & { spec: { path: string } }).spec.path;
  const isFirst = (mark: string): boolean => {
    const file = path.join(folder, mark);
    const isNew = !existsSync(file);
    writeFileSync(file, '');
    return isNew;
  };
  writeFileSync(path.join(folder, `thread-${threadId}`), '');
  if (existsSync(path.join(folder, 'die-at-start'))) process.exit(9);
  port.on('message', ({ pixels, numFrames }: { pixels: Uint8Array; numFrames: number }) => {
    const [byte] = pixels;
    if (byte === MISBEHAVIOR.exit) process.exit(7);
    if (byte === MISBEHAVIOR.throw) throw new RangeError('Out of WebAssembly memory');
    if (byte === MISBEHAVIOR.throwOnce && isFirst('thrown'))
      throw new RangeError('Out of WebAssembly memory');
    if (byte === MISBEHAVIOR.hang) return;
    port.postMessage(Float32Array.from({ length: numFrames }, (_, frame) => pixels[3 * frame]!));
    if (byte === MISBEHAVIOR.answerThenExit) setTimeout(() => process.exit(3), 20);
  });
  port.postMessage({ id: 'one-pixel', inputWidth: 1, inputHeight: 1, pictureFit: 'fill', featureSize: 1 });
}
