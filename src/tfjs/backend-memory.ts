import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';

/** The memory of a backend whose tensors are arrays that JavaScript can read and write in place. */
export interface BackendMemory {
  /** A float32 tensor of unknown content. */
  allocate: (shape: number[]) => TensorInfo;
  /** The tensor's numbers themselves, no copy. Any later allocation may move them: look anew after each. */
  valuesOf: (tensor: TensorInfo) => Float32Array;
  /** `a·b`, `[rows, inner]` by `[inner, columns]`. */
  multiply: (a: TensorInfo, b: TensorInfo) => TensorInfo;
  free: (tensor: TensorInfo) => void;
}

interface WasmBackend {
  makeOutput(shape: number[], dtype: 'float32'): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): Float32Array;
  disposeData(dataId: object): boolean;
}

interface CpuBackend {
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): TensorInfo;
  data: { get(dataId: object): { values: Float32Array } };
  disposeData(dataId: object): boolean;
}

/** How to reach the memory, for each backend that lets us. */
export const MEMORY_ACCESS: Record<string, (backend: object) => BackendMemory> = {
  wasm(backend) {
    const wasm = backend as WasmBackend;
    return {
      allocate: (shape) => wasm.makeOutput(shape, 'float32'),
      valuesOf: (tensor) => wasm.typedArrayFromHeap(tensor),
      multiply: multiplyOn('wasm', backend),
      free: (tensor) => wasm.disposeData(tensor.dataId),
    };
  },
  cpu(backend) {
    const cpu = backend as CpuBackend;
    return {
      allocate: (shape) =>
        cpu.makeTensorInfo(shape, 'float32', new Float32Array(tf.util.sizeFromShape(shape))),
      valuesOf: (tensor) => cpu.data.get(tensor.dataId).values,
      multiply: multiplyOn('cpu', backend),
      free: (tensor) => cpu.disposeData(tensor.dataId),
    };
  },
};

/** The backend's own matrix product, without the bookkeeping of an operation. */
function multiplyOn(backendName: string, backend: object): BackendMemory['multiply'] {
  const { kernelFunc } = tf.getKernel('BatchMatMul', backendName);
  const attrs = { transposeA: false, transposeB: false };
  return (a, b) => kernelFunc({ inputs: { a, b }, backend, attrs }) as TensorInfo;
}

interface WebGpuBackend {
  tensorMap: { get(dataId: object): { values?: Float32Array | null } };
}

/**
 * A float32 tensor's numbers. None where only a WebGPU device has them: it hands them out later, and TensorFlow.js's way
 * around that needs a browser. What was read from a file is not there yet.
 */
export function valuesInReach(tensor: tf.Tensor): Float32Array | undefined {
  if (tf.getBackend() !== 'webgpu') return tensor.dataSync<'float32'>();
  return (tf.backend() as unknown as WebGpuBackend).tensorMap.get(tensor.dataId).values ?? undefined;
}
