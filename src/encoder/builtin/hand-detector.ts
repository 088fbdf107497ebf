import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { loadGraph } from '../networks/graph-network.js';
import { locateHumanModel, readModelFiles } from '../networks/model-files.js';

/** Width and height of the network's input. */
export const DETECTOR_SIZE = 320;

/** The network's classes: hand, fist, pinch, point, face, tip, pinch tip. */
export const NUM_HAND_CLASSES = 7;

const FACE = 4;

/**
 * The graph begins with loops over the batch and ends with the suppression of overlapping boxes; both need asynchronous
 * execution. Entering after the loops, with pixels scaled to `[-1, 1]`, and leaving before the suppression skips both.
 */
const INPUT = 'StatefulPartitionedCall/map/TensorArrayV2Stack/TensorListStack';
/** float32 `[1, anchors, 1 + classes]`; the first class is the background. */
const SCORES = 'StatefulPartitionedCall/Postprocessor/convert_scores';
/** float32 `[1, anchors, 4]`: top, left, bottom and right, as fractions of the picture. */
const BOXES = 'StatefulPartitionedCall/Postprocessor/ExpandDims_1';

/** Side of the square, in pixels, over which noise is averaged. */
const BLUR_SIZE = 5;

/** Brightness of the result, 0 to 1. */
const MEAN = 120 / 255;
const DEVIATION = 50 / 255;

/** Prevents division by zero for a picture of one color. */
const TINY = 1e-4;

/** The place that looks most like a hand. */
export interface HandDetection {
  /** The highest score of any class but the face's, 0 to 1. */
  score: number;
  /** Top, left, bottom and right of the place with that score, as fractions of the picture. */
  box: readonly [number, number, number, number];
  /** Score of that place for each class. */
  classScores: Float32Array;
  /** Highest score of any place for each class. */
  highestScores: Float32Array;
}

/**
 * Finds hands: SSD MobileNetV2 FPNLite by Victor Dibia, in the npm package `@vladmandic/human`.
 *
 * @see https://github.com/victordibia/handtracking, MIT.
 */
export class HandDetector {
  readonly #graph: GraphModel;

  private constructor(
    graph: GraphModel,
    /** SHA-256 of topology and weights, hexadecimal. */
    readonly sha256: string,
  ) {
    this.#graph = graph;
  }

  /** @throws {EncoderError} If the network is missing, damaged or a different one. */
  static async load(): Promise<HandDetector> {
    const file = locateHumanModel('handtrack.json');
    const { artifacts, sha256 } = await readModelFiles(file);
    return new HandDetector(await loadGraph(file, artifacts, [INPUT, SCORES, BOXES]), sha256);
  }

  /** @param picture - float32 `[1, 320, 320, 3]`, -1 to 1. */
  async detect(picture: tf.Tensor4D): Promise<HandDetection> {
    const [scores, boxes] = this.#graph.execute({ [INPUT]: picture }, [SCORES, BOXES]) as tf.Tensor3D[];
    try {
      const { anchor, ...found } = findBest(await scores!.data<'float32'>());
      const box = tf.slice(boxes!, [0, anchor, 0], [1, 1, 4]);
      const [top, left, bottom, right] = await box.data().finally(() => box.dispose());
      return { ...found, box: [top!, left!, bottom!, right!] };
    } finally {
      tf.dispose([scores!, boxes!]);
    }
  }

  dispose(): void {
    this.#graph.dispose();
  }
}

/** @param scores - `[anchors, 1 + classes]`. */
function findBest(scores: Float32Array): Omit<HandDetection, 'box'> & { anchor: number } {
  const width = 1 + NUM_HAND_CLASSES;
  const highestScores = new Float32Array(NUM_HAND_CLASSES);
  let score = 0;
  let anchor = 0;
  for (let start = 0; start < scores.length; start += width) {
    for (let kind = 0; kind < NUM_HAND_CLASSES; kind++) {
      const value = scores[start + 1 + kind]!;
      if (value > highestScores[kind]!) highestScores[kind] = value;
      if (value > score && kind !== FACE) [score, anchor] = [value, start / width];
    }
  }
  const from = anchor * width + 1;
  return { score, anchor, classScores: scores.slice(from, from + NUM_HAND_CLASSES), highestScores };
}

/**
 * Makes hands in a noisy, dark or colorless picture easier to detect: turns it gray, blurs it, and gives it a fixed
 * brightness and contrast. Bars around the picture, which are exactly -1, are left out of the statistics.
 *
 * @param picture - float32 `[1, height, width, 3]`, -1 to 1.
 * @returns The same shape and range. The caller disposes it.
 */
export function evenOutContrast(picture: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const gray = tf.mean(tf.avgPool(picture, BLUR_SIZE, 1, 'same'), 3, true); // [1, height, width, 1]
    const isPicture = tf.cast(tf.greater(tf.max(picture, 3, true), -1), 'float32');
    const numPixels = tf.maximum(tf.sum(isPicture), 1);
    const mean = tf.div(tf.sum(tf.mul(gray, isPicture)), numPixels);
    const centered = tf.sub(gray, mean);
    const variance = tf.div(tf.sum(tf.mul(tf.square(centered), isPicture)), numPixels);
    const standardized = tf.div(centered, tf.add(tf.sqrt(variance), TINY));
    const even = tf.add(tf.mul(standardized, 2 * DEVIATION), 2 * MEAN - 1);
    return tf.tile(tf.clipByValue(even, -1, 1), [1, 1, 1, 3]) as tf.Tensor4D;
  });
}
