import { OutOfMemoryError } from '../errors.js';

/** RESOURCE_EXHAUSTED, as tfjs-node spells it. */
const TENSORFLOW_STATUS = /Invalid TF_Status: 8\b/;

/** Whether a computation failed only because the device has not the memory for it, so that half of it might do. */
export function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof OutOfMemoryError || (error instanceof Error && TENSORFLOW_STATUS.test(error.message))
  );
}
