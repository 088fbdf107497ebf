import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor3D, TensorInfo } from '@tensorflow/tfjs-core';
import { backwardComposed, biasGradient, forwardComposed, projectInputs } from './composed-recurrence.js';
import type {
  BackwardInputs,
  ForwardInputs,
  ForwardResults,
  Gradients,
  RecurrenceAttributes,
} from './recurrence.js';
import { recurrenceProgram, workgroupBytes, type CellShader, type WebGpuProgram } from './webgpu-program.js';

/** What TensorFlow.js's backend `webgpu` has beyond others. */
interface WebGpuBackend {
  device: { limits: { maxComputeWorkgroupStorageSize: number; maxStorageBuffersPerShaderStage: number } };
  runWebGPUProgram(program: WebGpuProgram, inputs: TensorInfo[], dtype: 'float32'): TensorInfo;
}

/** Runs a whole sequence in one program, where the device has room for it. Call inside `tf.tidy`. */
export function forwardWebGpu(
  inputs: ForwardInputs<Tensor>,
  attributes: RecurrenceAttributes,
): ForwardResults<Tensor3D> {
  const { cell } = attributes;
  const { projected, ...others } = projectInputs(inputs);
  const read = { projected, ...others };
  const shader = shaderFor(attributes, read);
  if (!shader) return forwardComposed(read, attributes);
  const [batchSize, numSteps, width] = projected.shape as [number, number, number];
  const sequence = [batchSize, numSteps, cell.units];
  const [outputs, gates, auxiliary] = run('forward', attributes, shader, read, [
    sequence,
    [batchSize, numSteps, width],
    ...(cell.auxiliary === 'none' ? [] : [sequence]),
  ]) as Tensor3D[];
  return { outputs: outputs!, gates: gates!, ...(auxiliary && { auxiliary }) };
}

/** Goes back through a whole sequence in one program, where the device has room for it. Call inside `tf.tidy`. */
export function backwardWebGpu(
  inputs: BackwardInputs<Tensor>,
  attributes: RecurrenceAttributes,
): Gradients<Tensor> {
  const { cell } = attributes;
  const { outputs, hiddenState, ...others } = inputs;
  // No more than what the cell reads: a program may have few buffers.
  const isHiddenRead = cell.shader?.backward.some((code) => code.includes('previousHidden'));
  const read = { ...others, ...(isHiddenRead && { outputs, hiddenState }) };
  const shader = shaderFor(attributes, read);
  if (!shader) return backwardComposed(inputs, attributes);
  const [batchSize, numSteps, width] = inputs.gates.shape as [number, number, number];
  const [sequence, state] = [
    [batchSize, numSteps, width],
    [batchSize, cell.units],
  ];
  const isCarried = cell.auxiliary === 'carried';
  const gradients = run('backward', attributes, shader, read, [
    sequence,
    ...(cell.hasRecurrentGradient ? [sequence] : []),
    state,
    ...(isCarried ? [state] : []),
  ]);
  const dProjected = gradients.shift()!;
  const dRecurrent = cell.hasRecurrentGradient ? gradients.shift()! : undefined;
  const [dHiddenState, dCellState] = gradients as [Tensor, Tensor?];
  return {
    dProjected,
    dBias: biasGradient(dProjected, dRecurrent),
    dHiddenState,
    ...(dRecurrent && { dRecurrent }),
    ...(dCellState && { dCellState }),
  };
}

/** The cell's shader, unless the device has less memory or fewer buffers than it takes. */
function shaderFor(attributes: RecurrenceAttributes, read: object): CellShader | undefined {
  const { limits } = backend().device;
  const numBuffers = Object.keys(read).length + 1;
  const hasRoom =
    workgroupBytes(attributes) <= limits.maxComputeWorkgroupStorageSize &&
    numBuffers <= limits.maxStorageBuffersPerShaderStage;
  return hasRoom ? attributes.cell.shader : undefined;
}

/** Runs a program, and cuts what it gives into tensors of these shapes. */
function run(
  direction: 'forward' | 'backward',
  attributes: RecurrenceAttributes,
  shader: CellShader,
  inputs: object,
  shapes: readonly number[][],
): Tensor[] {
  const sizes = shapes.map(tf.util.sizeFromShape);
  const size = sizes.reduce((sum, each) => sum + each, 0);
  const names = Object.keys(inputs);
  const program = recurrenceProgram(direction, attributes, shader, names, shapes[0]![0]!, size);
  const result = backend().runWebGPUProgram(program, Object.values(inputs) as Tensor[], 'float32');
  const parts = tf.split(tf.engine().makeTensorFromTensorInfo(result), sizes);
  return parts.map((part, index) => tf.reshape(part, shapes[index]!));
}

function backend(): WebGpuBackend {
  return tf.backend() as unknown as WebGpuBackend;
}
