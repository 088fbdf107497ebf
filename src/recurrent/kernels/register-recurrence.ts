import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { MEMORY_ACCESS } from '../../tfjs/backend-memory.js';
import { backwardComposed, forwardComposed, projectInputs } from './composed-recurrence.js';
import { backwardFused, forwardFused } from './fused-recurrence.js';
import type {
  BackwardInputs,
  ForwardInputs,
  ForwardResults,
  Gradients,
  RecurrenceAttributes,
} from './recurrence.js';
import { backwardTensorflow, forwardTensorflow } from './tensorflow-recurrence.js';
import { backwardWebGpu, forwardWebGpu } from './webgpu-recurrence.js';

export const FORWARD = 'FramewiseRecurrence';
export const BACKWARD = 'FramewiseRecurrenceGradient';

/** TensorFlow.js saves optional inputs for the backward pass only as a list, so their names travel beside it. */
export type NamedAttributes = RecurrenceAttributes & { names: string[] };

export function nameAll<T>(names: string[], values: readonly T[]): Record<string, T> {
  return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
}

/** A sequence forwards and backwards. */
interface Implementation {
  forward(inputs: ForwardInputs<TensorInfo>, attributes: RecurrenceAttributes): ForwardResults<TensorInfo>;
  backward(inputs: BackwardInputs<TensorInfo>, attributes: RecurrenceAttributes): Gradients<TensorInfo>;
}

const IMPLEMENTATIONS = {
  fused(backend: object, backendName: string): Implementation {
    const memory = MEMORY_ACCESS[backendName]!(backend);
    return {
      forward: (inputs, attributes) => forwardFused(memory, inputs, attributes),
      backward: (inputs, attributes) => backwardFused(memory, inputs, attributes),
    };
  },
  tensorflow: () => inTensors(forwardTensorflow, backwardTensorflow),
  webgpu: () => inTensors(forwardWebGpu, backwardWebGpu),
  composed: () =>
    inTensors(
      (inputs, attributes) => forwardComposed(projectInputs(inputs), attributes),
      (inputs, attributes) => backwardComposed(inputs, attributes),
    ),
};

function implementationFor(backendName: string): keyof typeof IMPLEMENTATIONS {
  if (backendName in MEMORY_ACCESS) return 'fused';
  return backendName === 'tensorflow' || backendName === 'webgpu' ? backendName : 'composed';
}

/**
 * Registers the recurrence's kernels for a backend: fused where its memory is in reach, on TensorFlow by kernels of its
 * own, on WebGPU as programs of ours, else composed.
 *
 * @param name - Given by tests and benchmarks, which compare implementations.
 */
export function registerRecurrence(backendName: string, name = implementationFor(backendName)): void {
  const implementationOn = (backend: object) => IMPLEMENTATIONS[name](backend, backendName);
  register<ForwardInputs<TensorInfo>>(FORWARD, (inputs, attributes, backend) => {
    const { outputs, gates, auxiliary } = implementationOn(backend).forward(inputs, attributes);
    return [outputs, gates, auxiliary];
  });
  register<BackwardInputs<TensorInfo>>(BACKWARD, (inputs, attributes, backend) => {
    const gradients = implementationOn(backend).backward(inputs, attributes);
    const { dProjected, dBias, dHiddenState, dCellState, dRecurrent } = gradients;
    return [dProjected, dBias, dHiddenState, dCellState ?? dRecurrent];
  });

  function register<Inputs>(
    kernelName: string,
    run: (inputs: Inputs, attributes: RecurrenceAttributes, backend: object) => (TensorInfo | undefined)[],
  ): void {
    if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) => {
        const attributes = attrs as unknown as NamedAttributes;
        const named = nameAll(attributes.names, Object.values(inputs)) as Inputs;
        return run(named, attributes, backend).filter((result) => result !== undefined);
      },
    });
  }
}

/** TensorFlow.js hands tensors to kernels whose types promise less. */
function inTensors(
  forward: (inputs: ForwardInputs<Tensor>, attributes: RecurrenceAttributes) => ForwardResults<Tensor>,
  backward: (inputs: BackwardInputs<Tensor>, attributes: RecurrenceAttributes) => Gradients<Tensor>,
): Implementation {
  return {
    forward: (inputs, attributes) => tf.tidy(() => forward(inputs as ForwardInputs<Tensor>, attributes)),
    backward: (inputs, attributes) => tf.tidy(() => backward(inputs as BackwardInputs<Tensor>, attributes)),
  };
}
