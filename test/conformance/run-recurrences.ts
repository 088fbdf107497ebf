import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { bidirectional, gru, GruCell, lstm, LstmCell, RnnCell, unroll } from '../../src/recurrent/index.js';
import type { RecurrentCell } from '../../src/recurrent/index.js';
import { readNumbers, wave, type Numbers } from './numbers.js';

// None a multiple of what a vector unit takes, and no two alike.
const [BATCH, TIME, FEATURES, UNITS] = [3, 6, 5, 7];

const CELLS: Record<string, RecurrentCell> = {
  rnn: new RnnCell(UNITS),
  gru: new GruCell(UNITS),
  'gru, reset before': new GruCell(UNITS, { resetAfter: false }),
  lstm: new LstmCell(UNITS),
};

/** Steps that count: a whole sequence, one that ends early, and one with a gap. */
const RAGGED = [
  [1, 1, 1, 1, 1, 1],
  [1, 1, 1, 0, 0, 0],
  [1, 0, 1, 1, 0, 1],
];

/** Outputs, final states and all gradients of every kind of recurrence, with whole sequences and with ragged ones from their end. */
export async function runRecurrences(): Promise<Numbers> {
  const numbers: Numbers = {};
  for (const [name, cell] of Object.entries(CELLS)) {
    Object.assign(numbers, prefix(name, await runCell(cell, false)));
    Object.assign(numbers, prefix(`${name}, ragged and reversed`, await runCell(cell, true)));
  }
  const layers = { lstm: lstm({ units: UNITS, returnSequences: true }), gru: gru({ units: UNITS }) };
  for (const [name, layer] of Object.entries(layers)) {
    Object.assign(numbers, prefix(`bidirectional ${name}`, await runLayer(bidirectional({ layer }))));
  }
  return numbers;
}

function prefix(kind: string, numbers: Numbers): Numbers {
  return Object.fromEntries(Object.entries(numbers).map(([name, values]) => [`${kind}: ${name}`, values]));
}

function runCell(cell: RecurrentCell, isRaggedAndReversed: boolean): Promise<Numbers> {
  const { kernel, recurrentKernel, bias } = cell.weightSpecs(FEATURES);
  const shapes: Record<string, number[]> = {
    kernel: kernel.shape,
    recurrentKernel: recurrentKernel.shape,
    bias: bias.shape,
    inputs: [BATCH, TIME, FEATURES],
    ...Object.fromEntries(cell.stateNames.map((name) => [name, [BATCH, UNITS]])),
  };
  const names = Object.keys(shapes);
  const mask = isRaggedAndReversed ? tf.tensor2d(RAGGED, [BATCH, TIME], 'bool') : undefined;
  const run = (...tensors: Tensor[]): Record<string, Tensor> => {
    const [kernel, recurrentKernel, bias, inputs, ...states] = tensors as [
      Tensor2D,
      Tensor2D,
      Tensor,
      Tensor3D,
    ];
    const initialState = Object.fromEntries(cell.stateNames.map((name, index) => [name, states[index]!]));
    const { outputs, finalState } = unroll(
      cell,
      { kernel, recurrentKernel, bias },
      inputs,
      initialState as never,
      mask && { mask, isReversed: true },
    );
    return { outputs, ...(finalState as object) };
  };
  return readNumbers(
    tf.tidy(() => {
      const variables = names.map((name, phase) => wave(shapes[name]!, phase));
      const gradients = tf.grads((...tensors) => lossOf(Object.values(run(...tensors))))(variables);
      return {
        ...run(...variables),
        ...Object.fromEntries(gradients.map((gradient, index) => [`gradient of ${names[index]}`, gradient])),
      };
    }),
  ).finally(() => mask?.dispose());
}

/** A layer behind one that masks: steps of zeros only do not count. */
async function runLayer(layer: tfl.layers.Layer): Promise<Numbers> {
  const model = tfl.sequential({
    layers: [tfl.layers.masking({ inputShape: [TIME, FEATURES] }), layer],
  });
  model.setWeights(model.getWeights().map(({ shape }, phase) => wave(shape, phase)));
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const results = tf.tidy(() => {
    const inputs = tf.mul(wave([BATCH, TIME, FEATURES], 1), tf.tensor3d(RAGGED.flat(), [BATCH, TIME, 1]));
    const apply = () => model.apply(inputs, { training: true }) as Tensor;
    const { grads } = tf.variableGrads(() => lossOf([apply()]), variables);
    return {
      outputs: apply(),
      ...Object.fromEntries(
        variables.map(({ name }, place) => [`gradient of weight ${place}`, grads[name]!]),
      ),
    };
  });
  return readNumbers(results).finally(() => model.dispose());
}

/** Weighs each output by itself, so that none of their gradients is that of another. */
function lossOf(outputs: Tensor[]): tf.Scalar {
  return tf.addN(outputs.map((output, index) => tf.mul<tf.Scalar>(tf.sum(tf.square(output)), index + 1)));
}
