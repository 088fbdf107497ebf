import * as tf from '@tensorflow/tfjs-core';
import type { initializers, Shape } from '@tensorflow/tfjs-layers';
import { orthogonal } from '../initializers.js';

/** What tf.layers draws a weight's first values with. */
export type LayerInitializer = ReturnType<typeof initializers.ones>;

interface OrthogonalArgs {
  gain: number;
  seed?: number;
}

/** Ours instead of the orthogonal initializer of TensorFlow.js 4.22, which does not run in Node; any other as it is. */
export function runnable(initializer: LayerInitializer): LayerInitializer {
  if (initializer.getClassName() !== 'Orthogonal') return initializer;
  return new Orthogonal(initializer as LayerInitializer & OrthogonalArgs);
}

/** Orthonormal rows, or columns where these are fewer. */
class Orthogonal extends tf.serialization.Serializable {
  constructor(private readonly args: OrthogonalArgs) {
    super();
  }

  apply(shape: Shape): tf.Tensor {
    const [rows, columns] = shape as [number, number];
    const wide: [number, number] = [Math.min(rows, columns), Math.max(rows, columns)];
    // Zero means "no seed" to TensorFlow.js.
    const seed = this.args.seed || 1 + Math.floor(Math.random() * 2 ** 30);
    return tf.tidy(() => {
      const kernel = tf.mul(tf.tensor2d(orthogonal(wide, seed), wide), this.args.gain);
      return rows > columns ? tf.transpose(kernel) : kernel;
    });
  }

  fromConfigUsesCustomObjects(): boolean {
    return false;
  }

  getConfig(): tf.serialization.ConfigDict {
    return { ...this.args };
  }
}

/** Another initializer's values, but for ones in the second of four blocks. */
export class UnitForgetBias extends tf.serialization.Serializable {
  constructor(private readonly others: LayerInitializer) {
    super();
  }

  apply(shape: Shape): tf.Tensor {
    const units = shape[0]! / 4;
    return tf.tidy(() => {
      const [input, , candidate, output] = tf.split(this.others.apply(shape), 4);
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
