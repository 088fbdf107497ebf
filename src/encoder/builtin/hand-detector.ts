import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { loadGraph } from '../networks/graph-network.js';
import { locateHumanModel } from './human-models.js';
import { readModelFiles } from '../networks/model-files.js';

/** Width and height of the pictures that the network takes. */
export const DETECTOR_SIZE = 320;

/** What the network tells apart: hand, fist, pinch, point, face, tip, pinch tip. */
export const NUM_HAND_CLASSES = 7;

const FACE = 4;

/**
 * The graph's own beginning and end are loops over the batch and the suppression of overlapping boxes, which need
 * asynchronous execution. Entering behind the one, with pixels as `[-1, 1]`, and leaving before the other skips both.
 */
const INPUT = 'StatefulPartitionedCall/map/TensorArrayV2Stack/TensorListStack';
/** float32 `[1, anchors, 1 + classes]`, the first the background's. */
const SCORES = 'StatefulPartitionedCall/Postprocessor/convert_scores';
/** float32 `[1, anchors, 4]`: top, left, bottom and right, shares of the picture. */
const BOXES = 'StatefulPartitionedCall/Postprocessor/ExpandDims_1';

/** Where a picture looks most like a hand. */
export interface HandDetection {
  /** The highest score of any class but the face's, 0 to 1. */
  score: number;
  /** Top, left, bottom and right of the place with that score, shares of the picture. */
  box: readonly [number, number, number, number];
  /** What that place scores in each class. */
  classScores: Float32Array;
  /** What the best place for each class scores in it. */
  highestScores: Float32Array;
}

/**
 * Finds hands: SSD MobileNetV2 FPNLite by Victor Dibia, in the npm package `@vladmandic/human`.
 *
 * @see https://github.com/victordibia/handtracking, MIT.
 */
export class HandDetector {
  private constructor(
    private readonly graph: GraphModel,
    /** Of topology and weights, hexadecimal. */
    readonly sha256: string,
  ) {}

  /** @throws {EncoderError} If the network is missing, damaged or another. */
  static async load(): Promise<HandDetector> {
    const file = locateHumanModel('handtrack.json');
    const { artifacts, sha256 } = await readModelFiles(file);
    return new HandDetector(await loadGraph(file, artifacts, [INPUT, SCORES, BOXES]), sha256);
  }

  /** @param picture - float32 `[1, 320, 320, 3]`, -1 to 1. */
  async detect(picture: tf.Tensor4D): Promise<HandDetection> {
    const [scores, boxes] = this.graph.execute({ [INPUT]: picture }, [SCORES, BOXES]) as tf.Tensor3D[];
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
    this.graph.dispose();
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
