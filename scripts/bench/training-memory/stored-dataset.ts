import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { AnnotatedVideo } from '../../../src/annotations/datasets/dataset.js';
import { FeatureStore } from '../../../src/encoder/features/feature-store.js';
import type { FrameEncoder } from '../../../src/encoder/frame-encoder.js';
import { createRandom } from '../../../src/training/data/random.js';

export const FRAME_RATE = 10;
export const LABELS = ['first half', 'second half'];
const FEATURE_SIZE = 1280;
/** One minute at the default frame rate: 2.9 MiB of features. */
const NUM_FRAMES = 600;
const DURATION_SEC = NUM_FRAMES / FRAME_RATE;

/** Stands in for the encoder of the stored features. It never encodes, because all features are stored. */
export const STORED_ENCODER: FrameEncoder = {
  id: 'random',
  inputWidth: 1,
  inputHeight: 1,
  pictureFit: 'fill',
  featureSize: FEATURE_SIZE,
  encode: () => Promise.reject(new Error('A video has no features in the store.')),
  dispose: () => undefined,
};

/** The videos of a dataset in a folder. The files hold no pictures, because only their features are used. */
export function videosIn(folder: string, numVideos: number): AnnotatedVideo[] {
  const half = DURATION_SEC / 2;
  return Array.from({ length: numVideos }, (_, number) => ({
    path: path.join(folder, 'videos', `${number}.mp4`),
    name: `${number}.mp4`,
    segments: [
      { label: LABELS[0]!, startSec: 0, endSec: half },
      { label: LABELS[1]!, startSec: half, endSec: DURATION_SEC },
    ],
  }));
}

/** Folder with the features of {@link videosIn}. */
export function storeIn(folder: string): string {
  return path.join(folder, 'features');
}

/** Writes the videos and random features. Returns the number of bytes of features. */
export async function writeDataset(folder: string, numVideos: number): Promise<number> {
  const store = new FeatureStore(storeIn(folder));
  const features = new Float32Array(NUM_FRAMES * FEATURE_SIZE);
  const timesSec = Float64Array.from({ length: NUM_FRAMES }, (_, frame) => frame / FRAME_RATE);
  await mkdir(path.join(folder, 'videos'), { recursive: true });
  for (const [number, video] of videosIn(folder, numVideos).entries()) {
    await writeFile(video.path, video.name);
    const random = createRandom(1, number);
    for (let position = 0; position < features.length; position++) features[position] = random();
    const key = await store.keyOf(video.path, STORED_ENCODER.id, FRAME_RATE);
    await store.write({ ...key, isMirrored: false }, { timesSec, features, featureSize: FEATURE_SIZE });
  }
  return numVideos * features.byteLength;
}
