import { startBackend } from '../../src/runtime/backend.js';

/** For the names of tests: empty, or why those of the backend `tensorflow` are skipped. */
export const tensorflowSkipReason = await startTensorflow();

/** Where recurrences are tested: with TensorFlow's own kernels too, if `framewise setup-native` put them here. */
export const BACKENDS = tensorflowSkipReason ? ['wasm', 'cpu'] : ['wasm', 'cpu', 'tensorflow'];

async function startTensorflow(): Promise<string> {
  try {
    await startBackend('tensorflow');
    return '';
  } catch (error) {
    return ` (skipped: ${(error as Error).message})`;
  }
}
