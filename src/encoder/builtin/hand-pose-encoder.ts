import * as tf from '@tensorflow/tfjs-core';
import { encoderId, type EncoderModel } from '../networks/encoder-model.js';
import {
  DETECTOR_SIZE,
  evenOutContrast,
  HandDetector,
  NUM_HAND_CLASSES,
  type HandDetection,
} from './hand-detector.js';
import {
  cropAround,
  HandLandmarker,
  HAND_EMBEDDING_SIZE,
  NUM_LANDMARKS,
  type Crop,
  type HandReading,
} from './hand-landmarker.js';
import { fingertipReaches, jointBends, relativeLandmarks } from './hand-shape.js';

/** Tuned settings. They are part of the id. */
const SETTINGS = {
  /** Side of the first crop, as a multiple of the longer side of the detected box. */
  boxMargin: 1.5,
  /** Presence above which a second crop is made around the landmarks. */
  refinedFrom: 0.3,
  /** Side of that crop, as a multiple of the extent of the landmarks. */
  landmarkMargin: 1.6,
  /** Presence below which the detector looks again, at the picture with its contrast evened out. */
  doubtedBelow: 0.6,
  /** Score and presence below which no hand was found. */
  nothingBelow: 0.1,
};

const WHOLE_PICTURE: Crop = { x: 0.5, y: 0.5, size: 1 };

const NUM_SHAPE_FEATURES = 3 * NUM_LANDMARKS + 15 + 5;

/** The result of one look at a picture. */
interface Look {
  detection: HandDetection;
  hand: HandReading;
}

/**
 * Describes the shape and place of the most conspicuous hand in a picture. A detector finds the hand, and a second network
 * reads its landmarks from a crop, then again from a crop around these landmarks. If the hand is uncertain, the detector
 * looks again at the picture made gray, blurred and of even contrast, which helps with noisy and infrared recordings. If
 * no hand is found, the features describe the whole picture. Features, in this order:
 *
 * - 2: presence of a hand, 0 to 1; left or right, 0 to 1
 * - 7: scores of the detected place for the classes hand, fist, pinch, point, face, tip, pinch tip, 0 to 1
 * - 7: the highest scores anywhere for the same classes
 * - 3: center x and y and side of the crop, as fractions of the picture
 * - 63: 21 landmarks' x, y and z, relative to their mean, divided by their extent, times presence
 * - 15: cosines of the bends at the inner joints of the fingers, times presence
 * - 5: distances of the fingertips to the wrist, in palm lengths, times presence
 * - 672: the landmark network's last layer, averaged over the crop
 *
 * The networks are those of {@link HandDetector} (MIT) and {@link HandLandmarker} (Apache-2.0).
 */
export class HandPoseEncoder implements EncoderModel {
  readonly id: string;
  readonly inputWidth = DETECTOR_SIZE;
  readonly inputHeight = DETECTOR_SIZE;
  /** Stretching a hand would change its landmarks. */
  readonly pictureFit = 'contain';
  readonly pixelRange = [-1, 1] as const;
  readonly featureSize = 2 + 2 * NUM_HAND_CLASSES + 3 + NUM_SHAPE_FEATURES + HAND_EMBEDDING_SIZE;

  readonly #detector: HandDetector;
  readonly #landmarker: HandLandmarker;

  private constructor(detector: HandDetector, landmarker: HandLandmarker) {
    this.#detector = detector;
    this.#landmarker = landmarker;
    const settings = JSON.stringify({ ...SETTINGS, fit: this.pictureFit });
    this.id = encoderId('hand-pose', detector.sha256, landmarker.sha256, settings);
  }

  /** @throws {EncoderError} If a network is missing, damaged or a different one. */
  static async load(): Promise<HandPoseEncoder> {
    const detector = await HandDetector.load();
    try {
      return new HandPoseEncoder(detector, await HandLandmarker.load());
    } catch (error) {
      detector.dispose();
      throw error;
    }
  }

  async run(pictures: tf.Tensor4D): Promise<tf.Tensor2D> {
    const numPictures = pictures.shape[0];
    const features = new Float32Array(numPictures * this.featureSize);
    // One by one: the crop depends on the detection, and the detector takes one picture at a time.
    for (let index = 0; index < numPictures; index++) {
      const picture = tf.slice(pictures, [index, 0, 0, 0], [1, -1, -1, -1]);
      try {
        features.set(describe(await this.#search(picture)), index * this.featureSize);
      } finally {
        picture.dispose();
      }
    }
    return tf.tensor2d(features, [numPictures, this.featureSize]);
  }

  dispose(): void {
    this.#detector.dispose();
    this.#landmarker.dispose();
  }

  async #search(picture: tf.Tensor4D): Promise<Look> {
    const first = await this.#look(picture);
    if (first.hand.presence >= SETTINGS.doubtedBelow) return first;
    const plainer = evenOutContrast(picture);
    const second = await this.#look(picture, plainer).finally(() => plainer.dispose());
    const surer = second.hand.presence > first.hand.presence ? second : first;
    const score = Math.max(first.detection.score, second.detection.score);
    if (Math.max(score, surer.hand.presence) >= SETTINGS.nothingBelow) return surer;
    return { ...surer, hand: await this.#landmarker.read(picture, WHOLE_PICTURE) };
  }

  /** @param seen - The picture that the detector gets. */
  async #look(picture: tf.Tensor4D, seen = picture): Promise<Look> {
    const detection = await this.#detector.detect(seen);
    const hand = await this.#landmarker.read(picture, cropOf(detection));
    if (hand.presence <= SETTINGS.refinedFrom) return { detection, hand };
    const refined = await this.#landmarker.read(picture, cropAround(hand, SETTINGS.landmarkMargin));
    return { detection, hand: refined.presence > hand.presence ? refined : hand };
  }
}

function cropOf({ box: [top, left, bottom, right] }: HandDetection): Crop {
  const size = SETTINGS.boxMargin * Math.max(bottom - top, right - left);
  return { x: (left + right) / 2, y: (top + bottom) / 2, size };
}

function describe({ detection, hand }: Look): number[] {
  const { crop, presence, handedness, landmarks, embedding } = hand;
  const shape = [...relativeLandmarks(landmarks), ...jointBends(landmarks), ...fingertipReaches(landmarks)];
  return [
    ...[presence, handedness],
    ...detection.classScores,
    ...detection.highestScores,
    ...[crop.x, crop.y, crop.size],
    ...shape.map((value) => value * presence),
    ...embedding,
  ];
}
