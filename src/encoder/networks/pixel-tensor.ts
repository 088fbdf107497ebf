import * as tf from '@tensorflow/tfjs-core';
import {
  runningBackend,
  type TensorflowBackend,
  type WebGpuBackend,
  type WebGpuProgram,
} from '../../tfjs/backend-internals.js';

type Shape4D = [number, number, number, number];

/**
 * Makes tensors of pixels for the running backend. If the backend accepts bytes, they are transferred as bytes, a quarter of the
 * size of floats, and scaled there. A GPU scales a batch in less time than JavaScript needs for one picture.
 */
export class PixelScaler {
  /** Reused, because allocating an array costs more than filling it. */
  #scaled = new Float32Array(0);

  readonly #range: readonly [number, number];

  /** @param range - The values of the bytes 0 and 255. */
  constructor(range: readonly [number, number]) {
    this.#range = range;
  }

  /**
   * @param pixels - Bytes of the shape. They are no longer needed once something was computed from the tensor.
   * @returns float32 of the shape. The caller disposes it, before the next call.
   */
  toTensor(pixels: Uint8Array, shape: Shape4D): tf.Tensor4D {
    const webgpu = runningBackend('webgpu');
    if (webgpu) return scaleOnWebGpu(webgpu, pixels, shape, this.#range);
    const tensorflow = runningBackend('tensorflow');
    if (tensorflow) return scaleOnTensorflow(tensorflow, pixels, shape, this.#range);
    return this.#scaleHere(pixels, shape);
  }

  #scaleHere(pixels: Uint8Array, shape: Shape4D): tf.Tensor4D {
    if (this.#scaled.length < pixels.length) this.#scaled = new Float32Array(pixels.length);
    const scaled = this.#scaled.subarray(0, pixels.length);
    const [low, high] = this.#range;
    // Faster than a table, and than tensor operations on integers.
    for (let position = 0; position < pixels.length; position++) {
      scaled[position] = low + (pixels[position]! * (high - low)) / 255;
    }
    return tf.tensor4d(scaled, shape);
  }
}

function scaleOnTensorflow(
  backend: TensorflowBackend,
  pixels: Uint8Array,
  shape: Shape4D,
  [low, high]: readonly [number, number],
): tf.Tensor4D {
  const { TF_UINT8, TF_FLOAT, TF_ATTR_TYPE, TF_ATTR_BOOL } = backend.binding;
  const types = [
    { name: 'SrcT', type: TF_ATTR_TYPE, value: TF_UINT8 },
    { name: 'DstT', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'Truncate', type: TF_ATTR_BOOL, value: false },
  ];
  return tf.tidy(() => {
    const id = backend.binding.createTensor(shape, TF_UINT8, pixels);
    const bytes = backend.createOutputTensor({ id, shape, dtype: TF_UINT8 });
    const numbers = backend.executeSingleOutput('Cast', types, [bytes]);
    return tf.add<tf.Tensor4D>(tf.mul(numbers, (high - low) / 255), low);
  });
}

function scaleOnWebGpu(
  backend: WebGpuBackend,
  pixels: Uint8Array,
  shape: Shape4D,
  [low, high]: readonly [number, number],
): tf.Tensor4D {
  return tf.tidy(() => {
    const words = tf.tensor1d(wordsOf(pixels), 'int32');
    const uniforms = [low, (high - low) / 255].map((value) => ({ type: 'float32' as const, data: [value] }));
    const result = backend.runWebGPUProgram(unpackingProgram(shape), [words], 'float32', uniforms);
    return tf.engine().makeTensorFromTensorInfo(result) as tf.Tensor4D;
  });
}

/** Views bytes as 32-bit words. Copies them only if they are not aligned. */
function wordsOf(pixels: Uint8Array): Int32Array {
  const isAligned = pixels.byteOffset % 4 === 0 && pixels.length % 4 === 0;
  if (isAligned) return new Int32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4);
  const words = new Int32Array(Math.ceil(pixels.length / 4));
  new Uint8Array(words.buffer).set(pixels);
  return words;
}

/** Each invocation converts one word of four bytes. The last word of a result may have fewer than four values. */
function unpackingProgram(shape: Shape4D): WebGpuProgram {
  const numThreads = 64;
  const numWords = Math.ceil(tf.util.sizeFromShape(shape) / 4);
  return {
    shaderKey: 'unpackPixels',
    variableNames: ['words'],
    outputShape: shape,
    workgroupSize: [numThreads, 1, 1],
    dispatch: [Math.ceil(numWords / numThreads), 1, 1],
    dispatchLayout: { x: [0, 1, 2, 3] },
    uniforms: 'low : f32, factor : f32, ',
    getUserCode: () => `
      fn main(index: i32) {
        if (index >= uniforms.wordsShape) { return; }
        let word = bitcast<u32>(words[index]);
        for (var byte = 0u; byte < 4u; byte++) {
          let place = 4 * index + i32(byte);
          if (place < i32(arrayLength(&result))) {
            result[place] = uniforms.low + uniforms.factor * f32((word >> (8u * byte)) & 255u);
          }
        }
      }`,
  };
}
