import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { loadGraph } from '../networks/graph-network.js';
import { locateHumanModel, readModelFiles } from '../networks/model-files.js';

/** Width and height of the network's input. */
const CROP_SIZE = 224;

/** The wrist, and four points of each finger from the palm to the tip, thumb first. */
export const NUM_LANDMARKS = 21;

/** Number of channels of the network's last layer, which is averaged over the crop. */
export const HAND_EMBEDDING_SIZE = 672;

const INPUT = 'input_1';
const [LANDMARKS, PRESENCE, HANDEDNESS] = ['Identity', 'Identity_1', 'Identity_2'] as const;
const EMBEDDING = 'model_1/model/global_average_pooling2d/Mean';

/** A square part of a picture. */
export interface Crop {
  /** Its center and side as fractions of the picture. Beyond the picture's edges it is black. */
  x: number;
  y: number;
  size: number;
}

/** A crop read as a picture of one hand. */
export interface HandReading {
  crop: Crop;
  /** Probability that there is a hand, 0 to 1. */
  presence: number;
  /** Left or right hand, 0 to 1. */
  handedness: number;
  /** `[21, 3]`: x from the left, y from the top, z negative towards the viewer, in pixels of the 224-pixel crop. */
  landmarks: Float32Array;
  /** `[672]`. */
  embedding: Float32Array;
}

/**
 * Reads the shape of a hand from a crop: MediaPipe's hand landmarks, lite, in the npm package `@vladmandic/human`.
 *
 * @see https://github.com/google-ai-edge/mediapipe, Apache-2.0.
 */
export class HandLandmarker {
  readonly #graph: GraphModel;

  private constructor(
    graph: GraphModel,
    /** SHA-256 of topology and weights, hexadecimal. */
    readonly sha256: string,
  ) {
    this.#graph = graph;
  }

  /** @throws {EncoderError} If the network is missing, damaged or a different one. */
  static async load(): Promise<HandLandmarker> {
    const file = locateHumanModel('handlandmark-lite.json');
    const { artifacts, sha256 } = await readModelFiles(file);
    const nodes = [INPUT, LANDMARKS, PRESENCE, HANDEDNESS, EMBEDDING];
    return new HandLandmarker(await loadGraph(file, artifacts, nodes), sha256);
  }

  /** @param picture - float32 `[1, height, width, 3]`, -1 to 1. */
  async read(picture: tf.Tensor4D, crop: Crop): Promise<HandReading> {
    const outputs = tf.tidy(() => {
      const pixels = tf.add(tf.mul(cut(picture, crop), 0.5), 0.5);
      const nodes = [PRESENCE, HANDEDNESS, LANDMARKS, EMBEDDING];
      const parts = this.#graph.execute({ [INPUT]: pixels }, nodes) as tf.Tensor[];
      return tf.concat1d(parts.map((part) => tf.reshape(part, [-1]))); // One tensor, because each read waits for the backend.
    });
    const values = await outputs.data<'float32'>().finally(() => outputs.dispose());
    const embeddingStart = 2 + 3 * NUM_LANDMARKS;
    return {
      crop,
      presence: values[0]!,
      handedness: values[1]!,
      landmarks: values.slice(2, embeddingStart),
      embedding: values.slice(embeddingStart),
    };
  }

  dispose(): void {
    this.#graph.dispose();
  }
}

function cut(picture: tf.Tensor4D, { x, y, size }: Crop): tf.Tensor4D {
  const box = tf.tensor2d([[y - size / 2, x - size / 2, y + size / 2, x + size / 2]]);
  const outside = -1;
  return tf.image.cropAndResize(
    picture,
    box,
    tf.zeros([1], 'int32'),
    [CROP_SIZE, CROP_SIZE],
    'bilinear',
    outside,
  );
}

/** The square around a hand's landmarks, `margin` times as large as their extent. */
export function cropAround({ crop, landmarks }: HandReading, margin: number): Crop {
  const range = (axis: number) => {
    const values = landmarks.filter((_, index) => index % 3 === axis);
    return [Math.min(...values), Math.max(...values)] as const;
  };
  const [[left, right], [top, bottom]] = [range(0), range(1)];
  const toPicture = (from: number, to: number) => ((from + to) / 2 / CROP_SIZE - 0.5) * crop.size;
  return {
    x: crop.x + toPicture(left, right),
    y: crop.y + toPicture(top, bottom),
    size: (margin * Math.max(right - left, bottom - top) * crop.size) / CROP_SIZE,
  };
}
