import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { runningBackend, type BackendViews } from './backend-internals.js';

/** The memory of a backend whose tensors are arrays that JavaScript reads and writes in place. */
export interface BackendMemory {
  /** Creates a float32 tensor of undefined content. */
  allocate: (shape: number[]) => TensorInfo;
  /** The tensor's values, not a copy. Any later allocation may move them, so call it again after each allocation. */
  valuesOf: (tensor: TensorInfo) => Float32Array;
  /** `a·b`, `[rows, inner]` by `[inner, columns]`. */
  multiply: (a: TensorInfo, b: TensorInfo) => TensorInfo;
  free: (tensor: TensorInfo) => void;
}

/** Opens the memory of each backend that allows it, by the backend's name. */
export const MEMORY_ACCESS: Record<string, (backend: object) => BackendMemory> = {
  wasm(backend) {
    const wasm = backend as BackendViews['wasm'];
    return {
      allocate: (shape) => wasm.makeOutput(shape, 'float32'),
      valuesOf: (tensor) => wasm.typedArrayFromHeap(tensor),
      multiply: multiplyOn('wasm', backend),
      free: (tensor) => wasm.disposeData(tensor.dataId),
    };
  },
  cpu(backend) {
    const cpu = backend as BackendViews['cpu'];
    return {
      allocate: (shape) =>
        cpu.makeTensorInfo(shape, 'float32', new Float32Array(tf.util.sizeFromShape(shape))),
      valuesOf: (tensor) => cpu.data.get(tensor.dataId).values,
      multiply: multiplyOn('cpu', backend),
      free: (tensor) => cpu.disposeData(tensor.dataId),
    };
  },
};

/** The backend's matrix product, without the overhead of a TensorFlow.js operation. */
function multiplyOn(backendName: string, backend: object): BackendMemory['multiply'] {
  const { kernelFunc } = tf.getKernel('BatchMatMul', backendName);
  const attrs = { transposeA: false, transposeB: false };
  return (a, b) => kernelFunc({ inputs: { a, b }, backend, attrs }) as TensorInfo;
}

/**
 * The values of a float32 tensor.
 *
 * @returns Undefined if the values are only on a WebGPU device, which can be read asynchronously only. Values that were
 *   just loaded from a file are still in JavaScript's memory.
 */
export function valuesInReach(tensor: Tensor): Float32Array | undefined {
  const webgpu = runningBackend('webgpu');
  if (!webgpu) return tensor.dataSync<'float32'>();
  return webgpu.tensorMap.get(tensor.dataId).values ?? undefined;
}
