/** Entry of the process that tests the native backend named by its first argument. It answers with a `Proof`. */
import * as tf from '@tensorflow/tfjs-core';
import { backendDevice } from '../tfjs/backend-internals.js';
import { loadAddon } from './load-addon.js';
import type { NativeBackend } from './native-folder.js';
import type { Proof } from './prove-addon.js';

let answer: Proof | { reason: string };
try {
  const tensorflow = loadAddon(process.argv[2] as NativeBackend);
  if (!(await tf.setBackend('tensorflow'))) throw new Error('the backend does not start');
  const product = tf.matMul(
    [
      [1, 2],
      [3, 4],
    ],
    [
      [1, 2],
      [3, 4],
    ],
  );
  const values = product.dataSync().join();
  if (values !== '7,10,15,22') throw new Error(`it computes ${values} instead of 7,10,15,22`);
  answer = { tensorflow, device: backendDevice() };
} catch (error) {
  answer = { reason: (error as Error).message };
}
process.send!(answer, () => process.disconnect());
