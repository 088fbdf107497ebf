import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError } from '../errors.js';
import { runningBackend, type TensorflowBackend } from './backend-internals.js';

/**
 * Runs a TensorFlow operation on float32 tensors. The backend `tensorflow` must be running.
 *
 * @param attributes - Booleans and floats. The type attribute `T` is added here.
 * @returns The operation's outputs. The caller disposes them.
 */
export function runTensorflow(
  name: string,
  inputs: readonly TensorInfo[],
  numOutputs: number,
  attributes: Record<string, number | boolean> = {},
): Tensor[] {
  const backend = tensorflowBackend();
  const { TF_ATTR_TYPE, TF_ATTR_BOOL, TF_ATTR_FLOAT, TF_FLOAT } = backend.binding;
  const named = Object.entries(attributes).map(([name, value]) => ({
    name,
    type: typeof value === 'boolean' ? TF_ATTR_BOOL : TF_ATTR_FLOAT,
    value,
  }));
  const type = { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT };
  return backend.executeMultipleOutputs(name, [type, ...named], [...inputs], numOutputs);
}

/**
 * Calls `use` with an integer as TensorFlow's int64, which TensorFlow.js does not have: the low 32 bits, then the high
 * ones. The scalar is freed when `use` returns.
 */
export function withInt64<Result>(value: number, use: (scalar: TensorInfo) => Result): Result {
  const backend = tensorflowBackend();
  const dataId = backend.write(new Int32Array([value, 0]), [], 'int64');
  try {
    return use({ dataId, shape: [], dtype: 'int32' });
  } finally {
    backend.disposeData(dataId);
  }
}

function tensorflowBackend(): TensorflowBackend {
  const backend = runningBackend('tensorflow');
  if (!backend) {
    throw new BackendError(
      'A TensorFlow operation needs the backend "tensorflow", which is not running.',
      'tensorflow',
    );
  }
  return backend;
}
