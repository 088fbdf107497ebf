import * as tf from '@tensorflow/tfjs-core';

/** What a backend computed: values by the name of what they are. */
export type Numbers = Record<string, Float32Array>;

/** A tensor of smooth values within ±`scale`, which every shape and phase gives others. */
export function wave<R extends tf.Rank>(shape: tf.ShapeMap[R], phase: number, scale = 0.5): tf.Tensor<R> {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: size }, (_, index) => scale * Math.sin(0.7 * index + phase));
  return tf.tensor(values, shape);
}

/** Reads tensors of float32 and disposes them. */
export async function readNumbers(tensors: Record<string, tf.Tensor>): Promise<Numbers> {
  const numbers: Numbers = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    numbers[name] = await tensor.data<'float32'>(); // Never dataSync: WebGPU has none in Node.
    tensor.dispose();
  }
  return numbers;
}
