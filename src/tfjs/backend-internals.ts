/**
 * The one typed view of what TensorFlow.js backends have beyond their public interface: memory, operations, programs,
 * sessions and device. Written for TensorFlow.js 4.22. Nothing here needs Node.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { DataId, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { OutOfMemoryError } from '../errors.js';

/** The device of a WebGPU backend. */
export interface GpuAdapter {
  /** The name that the driver reports. */
  name: string;
  /** Whether it is a software renderer such as SwiftShader or llvmpipe. */
  isSoftware: boolean;
}

/** The backend `wasm`: tensors lie on the heap of a WebAssembly module. */
interface WasmBackend {
  makeOutput(shape: number[], dtype: 'float32'): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): Float32Array;
  disposeData(dataId: DataId): boolean;
}

/** The backend `cpu`: tensors are JavaScript arrays. */
interface CpuBackend {
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): TensorInfo;
  data: { get(dataId: DataId): { values: Float32Array } };
  disposeData(dataId: DataId): boolean;
}

/** The backend `tensorflow` of tfjs-node: TensorFlow's operations by name, and its sessions. */
export interface TensorflowBackend {
  binding: Record<'TF_ATTR_TYPE' | 'TF_ATTR_FLOAT' | 'TF_ATTR_BOOL' | 'TF_FLOAT' | 'TF_UINT8', number> & {
    /** Copies the values into a new tensor and returns the tensor's number. */
    createTensor(shape: readonly number[], type: number, values: Uint8Array): number;
  };
  readonly isUsingGpuDevice: boolean;
  createOutputTensor(tensor: { id: number; shape: readonly number[]; dtype: number }): Tensor;
  executeSingleOutput(name: string, attributes: TensorflowAttribute[], inputs: TensorInfo[]): Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: TensorflowAttribute[],
    inputs: TensorInfo[],
    numOutputs: number,
  ): Tensor[];
  write(values: Int32Array, shape: number[], dtype: string): DataId;
  disposeData(dataId: DataId): boolean;
  /** Reads the whole folder and returns the session's number. */
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  runSavedModel(
    session: number,
    inputs: Tensor[],
    inputInfos: { name: string }[],
    outputs: string[],
  ): Tensor[];
  deleteSavedModel(session: number): void;
}

/** An attribute of a TensorFlow operation. `type` is one of the binding's `TF_ATTR_…` numbers. */
interface TensorflowAttribute {
  name: string;
  type: number;
  value: number | boolean;
}

/** The backend `webgpu`. `adapter` exists only if framewise created the backend. */
export interface WebGpuBackend {
  device: { limits: { maxComputeWorkgroupStorageSize: number; maxStorageBuffersPerShaderStage: number } };
  readonly adapter?: GpuAdapter;
  readonly isUsingGpuDevice?: boolean;
  /** `values` is set only while a copy of the tensor is in JavaScript's memory. */
  tensorMap: { get(dataId: DataId): { values?: Float32Array | null } };
  runWebGPUProgram(
    program: WebGpuProgram,
    inputs: TensorInfo[],
    dtype: 'float32',
    uniforms?: { type: 'float32'; data: number[] }[],
  ): TensorInfo;
}

/** A program that the backend `webgpu` compiles and runs. */
export interface WebGpuProgram {
  /** Identifies the code: programs with equal keys, shapes and types share one compiled pipeline. */
  shaderKey: string;
  variableNames: string[];
  outputShape: number[];
  workgroupSize: [number, number, number];
  dispatch: [number, number, number];
  dispatchLayout: { x: number[] };
  /** Declarations of the program's own uniforms, such as `low : f32, `. */
  uniforms?: string;
  /** WGSL with a function `main(index: i32)`. */
  getUserCode(): string;
}

/** The pool of GPU buffers that the backend `webgpu` reuses. */
export interface WebGpuBufferManager {
  freeBuffers: Map<string, { size: number; destroy(): void }[]>;
  numFreeBuffers: number;
  numBytesAllocated: number;
}

/** The view of each backend, by its name in TensorFlow.js. */
export interface BackendViews {
  wasm: WasmBackend;
  cpu: CpuBackend;
  tensorflow: TensorflowBackend;
  webgpu: WebGpuBackend;
}

/**
 * Views the running backend.
 *
 * @returns Undefined if another backend is running.
 * @example
 * const device = runningBackend('webgpu')?.device;
 */
export function runningBackend<Name extends keyof BackendViews>(name: Name): BackendViews[Name] | undefined {
  return tf.getBackend() === name ? (tf.backend() as unknown as BackendViews[Name]) : undefined;
}

/** The type of device on which the running backend computes. */
export function backendDevice(): 'gpu' | 'cpu' {
  const backend = runningBackend('tensorflow') ?? runningBackend('webgpu');
  return backend?.isUsingGpuDevice ? 'gpu' : 'cpu';
}

/** The name of the running backend's device. Undefined if the backend does not know it. */
export function backendDeviceName(): string | undefined {
  return runningBackend('webgpu')?.adapter?.name;
}

/** The code of RESOURCE_EXHAUSTED in tfjs-node's messages. */
const TENSORFLOW_STATUS = /Invalid TF_Status: 8\b/;

/** Whether a computation failed only because the device ran out of memory, so that a smaller batch may succeed. */
export function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof OutOfMemoryError || (error instanceof Error && TENSORFLOW_STATUS.test(error.message))
  );
}
