import * as tf from '@tensorflow/tfjs-core';
import { encoderId } from '../encoder-id.js';
import type { EncoderModel } from '../networks/encoder-model.js';
import { DETECTOR_SIZE, HandDetector, NUM_HAND_CLASSES, type HandDetection } from './hand-detector.js';
import {
  cropAround,
  HandLandmarker,
  HAND_EMBEDDING_SIZE,
  NUM_LANDMARKS,
  type Crop,
  type HandReading,
} from './hand-landmarker.js';
import { fingertipReaches, jointBends, relativeLandmarks } from './hand-shape.js';
import { evenOutContrast } from './picture-contrast.js';

/** What is tuned; part of the id. */
const SETTINGS = {
  /** Side of the first crop, in longer sides of the detected box. */
  boxMargin: 1.5,
  /** Presence from which landmarks are believed enough to crop anew around them. */
  refinedFrom: 0.3,
  /** Side of that crop, in extents of the landmarks. */
  landmarkMargin: 1.6,
  /** Presence below which the picture is looked at again, with its contrast evened out. */
  doubtedBelow: 0.6,
  /** Score and presence below which nothing was found. */
  nothingBelow: 0.1,
};

const WHOLE_PICTURE: Crop = { x: 0.5, y: 0.5, size: 1 };

const NUM_SHAPE_FEATURES = 3 * NUM_LANDMARKS + 15 + 5;

/** What one look at a picture found. */
interface Look {
  detection: HandDetection;
  hand: HandReading;
}

/**
 * How one hand is shaped and where, the most conspicuous one of a picture. A detector finds it, a second network reads its
 * landmarks from a crop, and once more from a crop around these. Where that finds no sure hand, the detector looks again at
 * the picture gray, blurred and of even contrast, which helps with noisy and infrared recordings. Where nothing at all is
 * found, the features describe the whole picture. Features, in this order:
 *
 * - 2: presence of a hand, 0 to 1; left or right, 0 to 1
 * - 7: scores of the detected place as hand, fist, pinch, point, face, tip, pinch tip, 0 to 1
 * - 7: the highest scores anywhere as each of these
 * - 3: center x and y and side of the crop, shares of the picture
 * - 63: 21 landmarks' x, y and z, relative to their mean and in their extents, times presence
 * - 15: cosines of the bends at the fingers' inner joints, times presence
 * - 5: distances of the fingertips to the wrist in palms, times presence
 * - 672: what the landmark network's last layer makes of the crop, averaged over space
 *
 * The networks are those of {@link HandDetector} (MIT) and {@link HandLandmarker} (Apache-2.0).
 */
export class HandPoseEncoder implements EncoderModel {
  readonly id: string;
  readonly inputWidth = DETECTOR_SIZE;
  readonly inputHeight = DETECTOR_SIZE;
  /** A stretched hand has other landmarks. */
  readonly pictureFit = 'contain';
  readonly pixelRange = [-1, 1] as const;
  readonly featureSize = 2 + 2 * NUM_HAND_CLASSES + 3 + NUM_SHAPE_FEATURES + HAND_EMBEDDING_SIZE;

  private constructor(
    private readonly detector: HandDetector,
    private readonly landmarker: HandLandmarker,
  ) {
    const settings = JSON.stringify({ ...SETTINGS, fit: this.pictureFit });
    this.id = encoderId('hand-pose', detector.sha256, landmarker.sha256, settings);
  }

  /** @throws {EncoderError} If a network is missing, damaged or another. */
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
    // One by one: where to crop depends on what was found, and the detector takes no more.
    for (let index = 0; index < numPictures; index++) {
      const picture = tf.slice(pictures, [index, 0, 0, 0], [1, -1, -1, -1]);
      try {
        features.set(describe(await this.search(picture)), index * this.featureSize);
      } finally {
        picture.dispose();
      }
    }
    return tf.tensor2d(features, [numPictures, this.featureSize]);
  }

  dispose(): void {
    this.detector.dispose();
    this.landmarker.dispose();
  }

  private async search(picture: tf.Tensor4D): Promise<Look> {
    const first = await this.look(picture);
    if (first.hand.presence >= SETTINGS.doubtedBelow) return first;
    const plainer = evenOutContrast(picture);
    const second = await this.look(picture, plainer).finally(() => plainer.dispose());
    const surer = second.hand.presence > first.hand.presence ? second : first;
    const score = Math.max(first.detection.score, second.detection.score);
    if (Math.max(score, surer.hand.presence) >= SETTINGS.nothingBelow) return surer;
    return { ...surer, hand: await this.landmarker.read(picture, WHOLE_PICTURE) };
  }

  /** @param seen - The picture as the detector sees it. */
  private async look(picture: tf.Tensor4D, seen = picture): Promise<Look> {
    const detection = await this.detector.detect(seen);
    const hand = await this.landmarker.read(picture, cropOf(detection));
    if (hand.presence <= SETTINGS.refinedFrom) return { detection, hand };
    const refined = await this.landmarker.read(picture, cropAround(hand, SETTINGS.landmarkMargin));
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
