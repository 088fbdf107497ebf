import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { MEMORY_ACCESS } from '../../tfjs/backend-memory.js';
import type {
  BackwardInputs,
  ForwardInputs,
  ForwardResults,
  Gradients,
  RecurrenceAttributes,
} from '../contract.js';
import { backwardComposed, forwardComposed, projectInputs } from './composed-recurrence.js';
import { backwardFused, forwardFused } from './fused-recurrence.js';
import { backwardTensorflow, forwardTensorflow } from './tensorflow-recurrence.js';
import { backwardWebGpu, forwardWebGpu } from './webgpu-recurrence.js';

/** Name of the forward kernel in TensorFlow.js. */
export const FORWARD = 'FramewiseRecurrence';
/** Name of the backward kernel in TensorFlow.js. */
export const BACKWARD = 'FramewiseRecurrenceGradient';

/** TensorFlow.js passes optional inputs to the gradient only as a list, so their names travel as an attribute. */
export type NamedAttributes = RecurrenceAttributes & { names: string[] };

/** Puts a list of values under their names. */
export function nameAll<T>(names: string[], values: readonly T[]): Record<string, T> {
  return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
}

/** One way to compute both kernels. */
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
 * Registers both kernels for a backend: `fused` if JavaScript can reach its memory, `tensorflow` and `webgpu` on the
 * backends of these names, else `composed`.
 *
 * @param name - The implementation. Tests and benchmarks set it to compare implementations.
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

/** Adapts functions of tensors. TensorFlow.js passes tensors to kernels, although its types say `TensorInfo`. */
function inTensors(
  forward: (inputs: ForwardInputs<Tensor>, attributes: RecurrenceAttributes) => ForwardResults<Tensor>,
  backward: (inputs: BackwardInputs<Tensor>, attributes: RecurrenceAttributes) => Gradients<Tensor>,
): Implementation {
  return {
    forward: (inputs, attributes) => tf.tidy(() => forward(inputs as ForwardInputs<Tensor>, attributes)),
    backward: (inputs, attributes) => tf.tidy(() => backward(inputs as BackwardInputs<Tensor>, attributes)),
  };
}
