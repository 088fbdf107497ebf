/** Computes by WebGPU in the thread that its argument tells, prints the result, and forgets to dispose anything. */
import { isMainThread, Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { startBackend } from '../../src/runtime/backend.js';
import { threadEntry } from '../../src/runtime/thread-entry.js';

if (isMainThread && process.argv[2] === 'in a worker thread') {
  new Worker(threadEntry(new URL(import.meta.url)));
} else {
  await startBackend('webgpu');
  // Devices must outlive a collection of garbage.
  for (let round = 0; round < 3; round++) {
    global.gc?.();
    await tf.matMul(tf.ones([40, 40]), tf.ones([40, 40])).data();
  }
  const values = await tf.sum(tf.matMul(tf.ones([40, 40]), tf.ones([40, 40]))).data();
  process.stdout.write(`${values[0]}\n`);
}
