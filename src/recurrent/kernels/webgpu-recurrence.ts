import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { BackendError } from '../../errors.js';
import { runningBackend, type WebGpuBackend } from '../../tfjs/backend-internals.js';
import type {
  BackwardInputs,
  CellShader,
  ForwardInputs,
  ForwardResults,
  Gradients,
  RecurrenceAttributes,
} from '../contract.js';
import { backwardComposed, biasGradient, forwardComposed, projectInputs } from './composed-recurrence.js';
import { recurrenceProgram, workgroupBytes } from './webgpu-program.js';

/** The forward pass over a sequence in one program, or composed if the device is too small. Call it inside `tf.tidy`. */
export function forwardWebGpu(
  inputs: ForwardInputs<Tensor>,
  attributes: RecurrenceAttributes,
): ForwardResults<Tensor3D> {
  const { cell } = attributes;
  const { projected, ...others } = projectInputs(inputs);
  const read = definedOnly({ projected, ...others });
  const shader = shaderFor(attributes, read);
  if (!shader) return forwardComposed({ projected, ...others }, attributes);
  const [batchSize, numSteps, width] = projected.shape as [number, number, number];
  const sequence = [batchSize, numSteps, cell.units];
  const [outputs, gates, auxiliary] = run('forward', attributes, shader, read, [
    sequence,
    [batchSize, numSteps, width],
    ...(cell.auxiliary === 'none' ? [] : [sequence]),
  ]) as Tensor3D[];
  return { outputs: outputs!, gates: gates!, auxiliary };
}

/** The backward pass over a sequence in one program, or composed if the device is too small. Call it inside `tf.tidy`. */
export function backwardWebGpu(
  inputs: BackwardInputs<Tensor>,
  attributes: RecurrenceAttributes,
): Gradients<Tensor> {
  const { cell } = attributes;
  const { outputs, hiddenState, ...others } = inputs;
  // Only what the cell reads, because the number of buffers is limited.
  const isHiddenRead = cell.shader?.backward.some((code) => code.includes('previousHidden'));
  const read = definedOnly(isHiddenRead ? { ...others, outputs, hiddenState } : others);
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
    dRecurrent,
    dHiddenState,
    dCellState,
  };
}

/** The cell's shader, or undefined if the device has too little workgroup memory or too few buffers. */
function shaderFor(attributes: RecurrenceAttributes, read: Record<string, Tensor>): CellShader | undefined {
  const { limits } = backend().device;
  const numBuffers = Object.keys(read).length + 1;
  const hasRoom =
    workgroupBytes(attributes) <= limits.maxComputeWorkgroupStorageSize &&
    numBuffers <= limits.maxStorageBuffersPerShaderStage;
  return hasRoom ? attributes.cell.shader : undefined;
}

/** Runs a program and splits its result into tensors of these shapes. */
function run(
  direction: 'forward' | 'backward',
  attributes: RecurrenceAttributes,
  shader: CellShader,
  inputs: Record<string, Tensor>,
  shapes: readonly number[][],
): Tensor[] {
  const sizes = shapes.map(tf.util.sizeFromShape);
  const size = sizes.reduce((sum, each) => sum + each, 0);
  const names = Object.keys(inputs);
  const program = recurrenceProgram(direction, attributes, shader, names, shapes[0]![0]!, size);
  const result = backend().runWebGPUProgram(program, Object.values(inputs), 'float32');
  const parts = tf.split(tf.engine().makeTensorFromTensorInfo(result), sizes);
  return parts.map((part, index) => tf.reshape(part, shapes[index]!));
}

/** The inputs that are present. Each becomes a buffer of the program. */
function definedOnly(inputs: object): Record<string, Tensor> {
  const entries = Object.entries(inputs as Record<string, Tensor | undefined>);
  return Object.fromEntries(entries.filter((entry): entry is [string, Tensor] => entry[1] !== undefined));
}

function backend(): WebGpuBackend {
  const webgpu = runningBackend('webgpu');
  if (!webgpu)
    throw new BackendError('A WGSL program needs the backend "webgpu", which is not running.', 'webgpu');
  return webgpu;
}
