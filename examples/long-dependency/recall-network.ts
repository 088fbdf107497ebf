import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor3D, Variable } from '@tensorflow/tfjs-core';
import { clipByGlobalNorm } from '../../src/recurrent/clip-gradients.js';
import { LstmCell, type LstmState } from '../../src/recurrent/cells/lstm-cell.js';
import { truncatedBackpropagation } from '../../src/recurrent/truncated-backpropagation.js';
import { unroll } from '../../src/recurrent/unroll.js';
import { createRandom } from '../../src/training/data/random.js';
import { drawRecallBatch, NUM_SYMBOLS, type RecallBatch } from './recall-task.js';

/** Options of training. */
export interface RecallTraining {
  /** Number of steps of a training sequence. */
  numSteps: number;
  /** Chunk length, k₁. */
  chunkLength: number;
  /** Gradient length, k₂. */
  gradientLength: number;
  /** Whether a chunk starts from the final state of the previous one instead of zeros. */
  isStateCarried: boolean;
  /** Whether every step has a loss instead of only the last one. */
  isAskedThroughout: boolean;
  units: number;
  batchSize: number;
  numBatches: number;
  learningRate: number;
  /** Seed of initial weights and sequences. */
  seed: number;
}

/** An LSTM that predicts at each step which cue began the sequence. */
export class RecallNetwork {
  readonly #training: RecallTraining;
  readonly #cell: LstmCell;
  readonly #weights: { kernel: Variable<tf.Rank.R2>; recurrentKernel: Variable<tf.Rank.R2>; bias: Variable };
  readonly #readout: Variable<tf.Rank.R2>;

  constructor(training: RecallTraining) {
    const { units, seed } = training;
    this.#training = training;
    this.#cell = new LstmCell(units);
    const { kernel, recurrentKernel, bias } = this.#cell.weightSpecs(NUM_SYMBOLS);
    const create = <Rank extends tf.Rank>({ shape, initialize }: typeof kernel, seed: number) =>
      tf.tidy(() => tf.variable(tf.tensor<Rank>(initialize(shape, seed), shape as tf.ShapeMap[Rank])));
    this.#weights = {
      kernel: create(kernel, 3 * seed),
      recurrentKernel: create(recurrentKernel, 3 * seed + 1),
      bias: create(bias, 1),
    };
    this.#readout = create({ ...kernel, shape: [units, 1] }, 3 * seed + 2);
  }

  /** Trains a network from scratch. The caller disposes it. */
  static async train(training: RecallTraining): Promise<RecallNetwork> {
    const network = new RecallNetwork(training);
    const { numSteps, batchSize, numBatches, learningRate, seed } = training;
    const random = createRandom(seed);
    const optimizer = tf.train.adam(learningRate);
    for (let batch = 0; batch < numBatches; batch++) {
      const sequences = drawRecallBatch(random, batchSize, numSteps);
      await network.#learn(sequences, optimizer);
      tf.dispose({ ...sequences });
    }
    optimizer.dispose();
    return network;
  }

  async #learn({ inputs, cues }: RecallBatch, optimizer: tf.Optimizer): Promise<void> {
    const { numSteps, isStateCarried, isAskedThroughout } = this.#training;
    const initialState = this.#cell.initialState(inputs.shape[0]);
    const chunks = truncatedBackpropagation({
      ...this.#training,
      initialState,
      variables: [...Object.values(this.#weights), this.#readout] as Variable[],
      forward: (start, end, state: LstmState) => {
        const run = this.#run(inputs, start, end, isStateCarried ? state : initialState);
        // −log σ(±logit) at steps with a loss.
        const losses = tf.softplus(tf.neg(tf.mul(run.logits, cues))); // [batch, time]
        const asked = tf.tensor1d(
          Array.from({ length: end - start }, (_, step) =>
            isAskedThroughout ? 1 / numSteps : Number(start + step === numSteps - 1),
          ),
        );
        return { loss: tf.sum<Scalar>(tf.mul(tf.mean(losses, 0), asked)), state: run.state };
      },
    });
    for await (const chunk of chunks) {
      const { gradients, norm } = await clipByGlobalNorm(chunk.gradients, 1);
      // A chunk without a loss has no gradient, but Adam would still move the weights by momentum.
      if (norm > 0) optimizer.applyGradients(gradients);
      tf.dispose(gradients);
    }
    tf.dispose(initialState);
  }

  /** Share of sequences for which the answer after the last step is right, 0 to 1. */
  accuracy({ inputs, cues }: RecallBatch): number {
    const { chunkLength, isStateCarried } = this.#training;
    const [batchSize, numSteps] = inputs.shape;
    return tf.tidy(() => {
      const start = isStateCarried ? 0 : Math.floor((numSteps - 1) / chunkLength) * chunkLength;
      const { logits } = this.#run(inputs, start, numSteps, this.#cell.initialState(batchSize));
      const last = tf.slice(logits, [0, numSteps - start - 1], [batchSize, 1]);
      return tf.mean(tf.cast(tf.greater(tf.mul(last, cues), 0), 'float32')).dataSync()[0]!;
    });
  }

  #run(inputs: Tensor3D, start: number, end: number, state: LstmState) {
    const batchSize = inputs.shape[0];
    const steps = tf.slice<tf.Rank.R3, Tensor3D>(
      inputs,
      [0, start, 0],
      [batchSize, end - start, NUM_SYMBOLS],
    );
    const { outputs, finalState } = unroll(this.#cell, this.#weights, steps, state);
    const flat = tf.reshape(outputs, [batchSize * (end - start), this.#cell.units]);
    const logits = tf.reshape<tf.Rank.R2>(tf.matMul(flat, this.#readout), [batchSize, end - start]);
    return { logits, state: finalState };
  }

  dispose(): void {
    tf.dispose([...Object.values(this.#weights), this.#readout]);
  }
}
