/** An encoder's worker on WebGPU whose device is lost at the first batch, unless a mark beside the model says that one was. */
import { existsSync, writeFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import type { EncoderThreadData } from '../../../src/encoder/pool/encoder-thread.js';

const { path } = (workerData as EncoderThreadData & { spec: { path: string } }).spec;
const mark = `${path}.device-lost`;

parentPort!.on('message', () => {
  if (existsSync(mark)) return;
  writeFileSync(mark, '');
  (tf.backend() as unknown as { device: GPUDevice }).device.destroy();
});
await import('../../../src/encoder/pool/encoder-worker.js');
