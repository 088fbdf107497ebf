import * as tf from '@tensorflow/tfjs-core';
import type { initializers, Shape } from '@tensorflow/tfjs-layers';
import { orthogonal } from '../initializers.js';

/** An initializer of tf.layers. */
export type LayerInitializer = ReturnType<typeof initializers.ones>;

interface OrthogonalArgs {
  gain: number;
  seed?: number;
}

/** Replaces the orthogonal initializer of TensorFlow.js 4.22, which does not run in Node. Returns any other unchanged. */
export function runnable(initializer: LayerInitializer): LayerInitializer {
  if (initializer.getClassName() !== 'Orthogonal') return initializer;
  return new Orthogonal(initializer as LayerInitializer & OrthogonalArgs);
}

/** Draws orthonormal rows, or orthonormal columns if there are fewer columns. */
class Orthogonal extends tf.serialization.Serializable {
  readonly #args: OrthogonalArgs;

  constructor(args: OrthogonalArgs) {
    super();
    this.#args = args;
  }

  apply(shape: Shape): tf.Tensor {
    const [rows, columns] = shape as [number, number];
    const wide: [number, number] = [Math.min(rows, columns), Math.max(rows, columns)];
    // TensorFlow.js treats zero as "no seed".
    const seed = this.#args.seed || 1 + Math.floor(Math.random() * 2 ** 30);
    return tf.tidy(() => {
      const kernel = tf.mul(tf.tensor2d(orthogonal(wide, seed), wide), this.#args.gain);
      return rows > columns ? tf.transpose(kernel) : kernel;
    });
  }

  fromConfigUsesCustomObjects(): boolean {
    return false;
  }

  getConfig(): tf.serialization.ConfigDict {
    return { ...this.#args };
  }
}

/** The values of another initializer, but ones in the second of four blocks: the forget gate. */
export class UnitForgetBias extends tf.serialization.Serializable {
  readonly #others: LayerInitializer;

  constructor(others: LayerInitializer) {
    super();
    this.#others = others;
  }

  apply(shape: Shape): tf.Tensor {
    const units = shape[0]! / 4;
    return tf.tidy(() => {
      const [input, , candidate, output] = tf.split(this.#others.apply(shape), 4);
      return tf.concat([input!, tf.ones([units]), candidate!, output!]);
    });
  }

  fromConfigUsesCustomObjects(): boolean {
    return false;
  }

  getConfig(): tf.serialization.ConfigDict {
    return {};
  }
}
