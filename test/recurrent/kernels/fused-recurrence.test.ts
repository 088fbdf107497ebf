import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GruCell, LstmCell, RnnCell, unroll, type RecurrentCell } from '../../../src/recurrent/index.js';
import { forwardComposed } from '../../../src/recurrent/kernels/composed-recurrence.js';
import { product } from '../../../src/tfjs/dense-product.js';
import { registerRecurrence } from '../../../src/recurrent/kernels/register-recurrence.js';
import { BACKENDS } from '../backends.js';

const cells: Record<string, RecurrentCell> = {
  rnn: new RnnCell(5),
  'rnn, relu': new RnnCell(5, { activation: 'relu' }),
  'gru, reset after': new GruCell(5),
  'gru, reset before': new GruCell(5, { resetAfter: false }),
  'gru of tf.layers': new GruCell(5, { resetAfter: false, recurrentActivation: 'hardSigmoid' }),
  lstm: new LstmCell(5),
  'lstm of tf.layers': new LstmCell(5, { recurrentActivation: 'hardSigmoid' }),
};

const random = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 0.5, 'float32', seed);

/** All that a loss over outputs and final state can be differentiated by. */
function variablesOf(cell: RecurrentCell, batchSize: number, numSteps: number): tf.Tensor[] {
  const { kernel, recurrentKernel, bias } = cell.weightSpecs(3);
  return [
    ...[kernel.shape, recurrentKernel.shape, bias.shape, [batchSize, numSteps, 3]].map((shape, index) =>
      random(shape, 1 + index),
    ),
    ...cell.stateNames.map((_, index) => random([batchSize, cell.units], 11 + index)),
  ];
}

type Run = typeof unroll;

function lossBy(cell: RecurrentCell, run: Run, options: Parameters<Run>[4]) {
  return (...tensors: tf.Tensor[]): tf.Scalar => {
    const [kernel, recurrentKernel, bias, inputs, ...states] = tensors as [
      Tensor2D,
      Tensor2D,
      tf.Tensor,
      Tensor3D,
      Tensor2D,
      ...Tensor2D[],
    ];
    const state = { hiddenState: states[0], cellState: states[1] };
    const { outputs, finalState } = run(cell, { kernel, recurrentKernel, bias }, inputs, state, options);
    const ofStates = cell.stateNames.map((name, index) => tf.sum(tf.mul(finalState[name]!, 2 + index)));
    return tf.addN([tf.sum(tf.square(outputs)), ...ofStates]) as tf.Scalar;
  };
}

/** The same sequence differentiated by TensorFlow.js, operation by operation. */
const byAutomaticDifferentiation: Run = (cell, weights, inputs, initialState, options = {}) => {
  const [batchSize, numSteps, numFeatures] = inputs.shape;
  const { mask, recurrentMask, isReversed = false } = options;
  const projected = product(tf.reshape(inputs, [-1, numFeatures]), weights.kernel);
  const kernels =
    cell.productWidths.length > 1 ? tf.split(weights.recurrentKernel, [...cell.productWidths], 1) : [];
  const { outputs, auxiliary } = forwardComposed(
    {
      projected: tf.reshape(projected, [batchSize, numSteps, -1]),
      bias: weights.bias,
      ...initialState,
      recurrentKernel: kernels[0] ?? weights.recurrentKernel,
      candidateKernel: kernels[1],
      mask: mask && tf.cast(mask, 'float32'),
      recurrentMask,
    },
    { cell, isReversed },
  );
  const last = isReversed ? 0 : numSteps - 1;
  const lastOf = (sequence: Tensor3D) =>
    tf.squeeze<Tensor2D>(tf.slice(sequence, [0, last, 0], [-1, 1, -1]), [1]);
  const finalState = {
    hiddenState: lastOf(outputs),
    cellState: cell.auxiliary === 'carried' ? lastOf(auxiliary!) : undefined,
  };
  return { outputs, finalState: finalState as typeof initialState };
};

describe.each(BACKENDS)('on %s', (backend) => {
  beforeAll(async () => {
    expect(await tf.setBackend(backend)).toBe(true);
  });

  afterEach(() => {
    registerRecurrence(backend);
  });

  describe.each(Object.entries(cells))('%s', (_, cell) => {
    it.each([false, true])(
      'its kernels, composed operations and automatic differentiation agree; backwards in time: %s',
      (isReversed) => {
        const variables = variablesOf(cell, 2, 6);
        const options = {
          isReversed,
          mask: tf.tensor2d([1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1], [2, 6], 'bool'),
          recurrentMask: tf.tensor2d([1.5, 0, 1.5, 1.5, 0, 0, 1.5, 1.5, 1.5, 0], [2, 5]),
        };
        const differentiate = (run: Run) => {
          const { value, grads } = tf.valueAndGrads(lossBy(cell, run, options))(variables);
          return [value, ...grads];
        };
        registerRecurrence(backend);
        const own = differentiate(unroll);
        registerRecurrence(backend, 'composed');
        const composed = differentiate(unroll);
        const automatic = differentiate(byAutomaticDifferentiation);
        own.forEach((tensor, index) => {
          const scale = Math.max(1, tf.max(tf.abs(tensor)).dataSync()[0]!);
          for (const other of [composed[index]!, automatic[index]!]) {
            expect(tf.max(tf.abs(tf.sub(tensor, other))).dataSync()[0]! / scale).toBeLessThan(1e-5);
          }
        });
        expect(tf.max(tf.abs(own[1]!)).dataSync()[0]).toBeGreaterThan(0.01);
      },
    );
  });
});

describe('fused kernels on wasm', () => {
  it('follow the memory when a product makes it grow and move', async () => {
    await tf.setBackend('wasm');
    const heap = () => (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8;
    const cell = new LstmCell(5);
    const differentiate = () => {
      const { value, grads } = tf.valueAndGrads(lossBy(cell, unroll, {}))(variablesOf(cell, 2, 6));
      return [value, ...grads];
    };
    const undisturbed = differentiate();

    const original = tf.getKernel('BatchMatMul', 'wasm');
    const sizes = new Set<number>();
    tf.unregisterKernel('BatchMatMul', 'wasm');
    tf.registerKernel({
      ...original,
      kernelFunc: (args) => {
        (args.backend as { makeOutput(shape: number[], dtype: string): unknown }).makeOutput(
          [1e6],
          'float32',
        );
        sizes.add(heap().length);
        return original.kernelFunc(args);
      },
    });
    const disturbed = differentiate();
    tf.unregisterKernel('BatchMatMul', 'wasm');
    tf.registerKernel(original);

    expect(sizes.size).toBeGreaterThan(3);
    disturbed.forEach((tensor, index) => {
      expect(tensor.dataSync()).toEqual(undisturbed[index]!.dataSync());
    });
  });
});
