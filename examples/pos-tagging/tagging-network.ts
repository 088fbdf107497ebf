import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { initializers, layers } from '@tensorflow/tfjs-layers';
import { bidirectional, lstm } from '../../src/recurrent/index.js';

/** Options of a {@link TaggingNetwork}. */
export interface NetworkOptions {
  /** Length of a word's vector. */
  inputWidth: number;
  /** Units of the LSTM in each direction. */
  units: number;
  numTags: number;
  /** Share of the LSTM's inputs and outputs that training sets to zero. */
  dropout: number;
  /** Seed of the initial weights and of dropout, a positive integer. */
  seed: number;
}

/** A bidirectional network that scores every tag for every word of a sentence. */
export class TaggingNetwork {
  readonly #options: NetworkOptions;
  readonly #reader;
  readonly #scorer;
  #numDropouts = 0;

  constructor(options: NetworkOptions) {
    const { inputWidth, units, numTags, dropout, seed } = options;
    this.#options = options;
    this.#reader = bidirectional({
      layer: lstm({
        units,
        returnSequences: true,
        dropout,
        seed,
        kernelInitializer: initializers.glorotUniform({ seed }),
        recurrentInitializer: initializers.orthogonal({ seed: seed + 1 }),
      }),
      mergeMode: 'concat',
    });
    this.#scorer = layers.dense({
      units: numTags,
      kernelInitializer: initializers.glorotUniform({ seed: seed + 2 }),
    });
    this.#reader.build([null, null, inputWidth]);
    this.#scorer.build([null, 2 * units]);
  }

  /** The trainable weights. They belong to the network. */
  get variables(): tf.Variable[] {
    return [this.#reader, this.#scorer].flatMap((layer) =>
      layer.trainableWeights.map((weight) => weight.read() as tf.Variable),
    );
  }

  /**
   * @param inputs - Word vectors, float32 `[batch, time, inputWidth]`.
   * @param mask - Which steps hold a word, bool `[batch, time]`.
   * @param isTraining - Whether dropout is on. Each call drops other numbers.
   * @returns Logits, float32 `[batch, time, numTags]`, meaningless for padding. The caller disposes them.
   */
  score(inputs: Tensor3D, mask: Tensor2D, { isTraining = false } = {}): Tensor3D {
    return tf.tidy(() => {
      let hidden = this.#reader.apply(inputs, { mask, training: isTraining }) as Tensor3D;
      if (isTraining) hidden = this.#drop(hidden);
      const [batchSize, numSteps, width] = hidden.shape;
      // Flattened, because the product of three-dimensional tensors has a slow gradient.
      const words = tf.reshape<tf.Rank.R2>(hidden, [batchSize * numSteps, width]);
      return tf.reshape(this.#scorer.apply(words) as Tensor2D, [batchSize, numSteps, -1]);
    });
  }

  /** Replaces the layer of tf.layers, which drops the same numbers at every call if it has a seed. */
  #drop(hidden: Tensor3D): Tensor3D {
    const { dropout, seed } = this.#options;
    return tf.dropout(hidden, dropout, undefined, `${seed}.${this.#numDropouts++}`) as Tensor3D;
  }

  dispose(): void {
    tf.dispose(this.variables);
  }
}
