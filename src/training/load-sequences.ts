import type { AnnotatedVideo } from '../annotations/dataset.js';
import type { EncodedVideo } from '../encoder/encode-video.js';
import { encodeWholeVideo } from '../encoder/encode-video.js';
import { FeatureStore } from '../encoder/feature-store.js';
import type { FrameEncoder } from '../encoder/frame-encoder.js';
import { DatasetError, FramewiseError } from '../errors.js';
import { labelSequence, UNLABELLED, type LabelledSequence } from './sequences.js';

/** How a dataset's videos become sequences. */
interface LoadSequencesOptions {
  encoder: FrameEncoder;
  /** Frames a second. */
  frameRate: number;
  labels: readonly string[];
  /** Label for frames that the truth leaves out; they stay unlabelled without it. */
  background?: string;
  /** Keeps features between runs. */
  store?: FeatureStore;
  signal?: AbortSignal;
  /** Called after each video. */
  onVideo?: (done: number, all: number, name: string, isCached: boolean) => void;
}

/** How a dataset is encoded, cache included. */
export interface EncodeDatasetOptions extends Omit<LoadSequencesOptions, 'encoder' | 'store'> {
  /** Folder for cached features; false keeps none. */
  cacheDir?: string | false;
}

/**
 * Encodes a dataset, the last that its encoder does.
 *
 * @param encoder - Disposed before this returns or throws.
 * @returns One sequence a video, in the order given.
 * @throws {DatasetError} If a video cannot be decoded, or none of its frames has a label.
 */
export async function encodeDataset(
  videos: readonly AnnotatedVideo[],
  encoder: FrameEncoder,
  { cacheDir, ...options }: EncodeDatasetOptions,
): Promise<LabelledSequence[]> {
  try {
    const store = cacheDir === false ? undefined : new FeatureStore(cacheDir);
    return await loadSequences(videos, { ...options, encoder, store });
  } finally {
    encoder.dispose();
  }
}

/** Videos encoded at once: while one is being opened or drained, another keeps the encoder busy. */
const NUM_PARALLEL_VIDEOS = 3;

/**
 * Encodes the videos of a dataset, or takes their features from the store, and joins them with their truth.
 *
 * @returns One sequence a video, in the order given.
 * @throws {DatasetError} If a video cannot be decoded, or none of its frames has a label.
 */
async function loadSequences(
  videos: readonly AnnotatedVideo[],
  options: LoadSequencesOptions,
): Promise<LabelledSequence[]> {
  const { encoder, frameRate, labels, background, store, signal, onVideo } = options;
  const sequences: LabelledSequence[] = [];
  let next = 0;
  let done = 0;
  let hasFailed = false;
  const work = async (): Promise<void> => {
    while (next < videos.length && !hasFailed) {
      const position = next++;
      const video = videos[position] as AnnotatedVideo;
      const { encoded, isCached } = await loadFeatures(video);
      const sequence = labelSequence(video, encoded.timesSec, encoded.features, labels, background);
      if (sequence.targets.every((target) => target === UNLABELLED)) {
        throw new DatasetError(
          `No frame of "${video.path}" has a label: its segments lie outside its ` +
            `${(encoded.timesSec.at(-1) ?? 0).toFixed(1)} seconds. Correct them, or leave the video out.`,
          video.path,
        );
      }
      sequences[position] = sequence;
      onVideo?.(++done, videos.length, video.name, isCached);
    }
  };
  const loadFeatures = async (
    video: AnnotatedVideo,
  ): Promise<{ encoded: EncodedVideo; isCached: boolean }> => {
    const key = await store?.keyOf(video.path, encoder.id, frameRate);
    const cached = key && (await store?.read(key));
    if (cached) return { encoded: cached, isCached: true };
    try {
      const encoded = await encodeWholeVideo(video.path, encoder, { frameRate, signal });
      if (key) await store?.write(key, encoded);
      return { encoded, isCached: false };
    } catch (cause) {
      if (!(cause instanceof FramewiseError) || !cause.code.startsWith('ERR_VIDEO')) throw cause;
      throw new DatasetError(
        `${cause.message} It is part of the dataset: repair it, or leave it out.`,
        video.path,
        { cause },
      );
    }
  };
  const fail = (error: unknown): never => {
    hasFailed = true;
    throw error;
  };
  const settled = await Promise.allSettled(
    Array.from({ length: NUM_PARALLEL_VIDEOS }, () => work().catch(fail)),
  );
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
  return sequences;
}
