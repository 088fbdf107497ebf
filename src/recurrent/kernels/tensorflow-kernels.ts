import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';

/** What tfjs-node's backend has beyond others: operations of TensorFlow by their names. */
interface TensorflowBackend {
  binding: Record<'TF_ATTR_TYPE' | 'TF_ATTR_FLOAT' | 'TF_ATTR_BOOL' | 'TF_FLOAT', number>;
  executeMultipleOutputs(
    name: string,
    attributes: { name: string; type: number; value: number | boolean }[],
    inputs: TensorInfo[],
    numOutputs: number,
  ): Tensor[];
  write(values: Int32Array, shape: number[], dtype: string): object;
  disposeData(dataId: object): boolean;
}

/**
 * Runs an operation of TensorFlow on float32 tensors. The caller disposes what it gives.
 *
 * @param attributes - Truth values and floats. The type of the tensors is told without.
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

/** Calls with a whole number as TensorFlow's int64, which TensorFlow.js does not know: 32 bits, then those above. */
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
  return tf.backend() as unknown as TensorflowBackend;
}
