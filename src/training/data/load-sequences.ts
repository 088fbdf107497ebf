import type { AnnotatedVideo } from '../../annotations/datasets/dataset.js';
import { FeatureStore } from '../../encoder/features/feature-store.js';
import type { FrameEncoder } from '../../encoder/frame-encoder.js';
import { DatasetError, FramewiseError } from '../../errors.js';
import { mapConcurrently } from '../../runtime/map-concurrently.js';
import type { VideoLimits } from '../../video/video-limits.js';
import { FeatureCache } from './feature-cache.js';
import { labelSequence, UNLABELED, type LabeledSequence } from './sequences.js';
import { featuresOf, type VideoFeatures } from './video-features.js';
import type { EncodingProgress } from '../../progress.js';

/** How the videos of a dataset are encoded. */
export interface EncodeDatasetOptions {
  /** Frames per second. */
  frameRate: number;
  labels: readonly string[];
  /** Label for frames that no segment covers. Without it they stay unlabeled. */
  background?: string;
  /** Folder for cached features, which are read when needed. False keeps features in memory. */
  cacheDir?: string | false;
  /** Videos to encode mirrored as well. Default: none. */
  mirroredToo?: ReadonlySet<AnnotatedVideo>;
  /** Whether a video that cannot be used is an error. Otherwise it is left out and reported. Default true. */
  isStrict?: boolean;
  /** How large and long a video may be. Cached features are not checked. */
  limits?: VideoLimits;
  signal?: AbortSignal;
  /** Called after each encoded video. */
  onProgress?: (progress: EncodingProgress) => void;
  /** Told of videos that are left out and of labels after the end of a video. */
  onWarning?: (message: string) => void;
}

/** Videos encoded at once: while one is opened or drained, another keeps the encoder busy. */
const NUM_PARALLEL_VIDEOS = 3;

/**
 * Encodes the videos of a dataset, or finds their features in the cache, and joins them with their labels. With a cache,
 * sequences load their features on demand.
 *
 * @param encoder - Disposed before this function returns or throws.
 * @returns One sequence per usable video, in the order given.
 * @throws {DatasetError} If a video cannot be decoded or none of its frames has a label: for the first such video if
 *   strict, otherwise only if no video can be used.
 */
export async function encodeDataset(
  videos: readonly AnnotatedVideo[],
  encoder: FrameEncoder,
  options: EncodeDatasetOptions,
): Promise<LabeledSequence[]> {
  const { cacheDir, isStrict = true, onProgress, onWarning } = options;
  const cache = cacheDir === false ? undefined : new FeatureCache(new FeatureStore(cacheDir));
  const load = (video: AnnotatedVideo) => loadSequence(video, { ...options, encoder, cache });
  const refusals: DatasetError[] = [];
  let numDone = 0;
  let sequences: (LabeledSequence | undefined)[];
  try {
    sequences = await mapConcurrently(videos, NUM_PARALLEL_VIDEOS, async (video) => {
      try {
        const { sequence, isCached } = await load(video);
        onProgress?.({ numDone: ++numDone, numTotal: videos.length, name: video.name, isCached });
        return sequence;
      } catch (error) {
        if (isStrict || !(error instanceof DatasetError)) throw error;
        refusals.push(error);
        onWarning?.(`left out: ${error.message}`);
        onProgress?.({ numDone: ++numDone, numTotal: videos.length, name: video.name, isCached: false });
        return undefined;
      }
    });
  } finally {
    encoder.dispose();
  }
  const usable = sequences.filter((sequence) => sequence !== undefined);
  if (usable.length === 0 && refusals[0]) throw refusals[0];
  return usable;
}

interface LoadOptions extends EncodeDatasetOptions {
  encoder: FrameEncoder;
  cache: FeatureCache | undefined;
}

/** @throws {DatasetError} If the video cannot be used. */
async function loadSequence(
  video: AnnotatedVideo,
  options: LoadOptions,
): Promise<{ sequence: LabeledSequence; isCached: boolean }> {
  const { labels, background, mirroredToo, frameRate, onWarning } = options;
  const plain = await loadFeatures(video, false, options);
  const { timesSec } = plain;
  const endSec = (timesSec.at(-1) ?? 0) + 1 / frameRate;
  const sequence = labelSequence(video, timesSec, plain.features, labels, background);
  if (sequence.targets.every((target) => target === UNLABELED)) {
    throw new DatasetError(
      `No frame of "${video.path}" has a label: its segments lie outside its ${endSec.toFixed(1)} seconds. ` +
        'Correct them, or leave the video out.',
      video.path,
    );
  }
  reportBeyondEnd(video, endSec, 2 / frameRate, onWarning);
  if (!mirroredToo?.has(video)) return { sequence, isCached: plain.isCached };
  const mirrored = await loadFeatures(video, true, options);
  return {
    sequence: { ...sequence, mirroredFeatures: mirrored.features },
    isCached: plain.isCached && mirrored.isCached,
  };
}

/** @throws {DatasetError} If the video cannot be decoded. */
async function loadFeatures(
  { path }: AnnotatedVideo,
  isMirrored: boolean,
  { encoder, frameRate, cache, limits, signal }: LoadOptions,
): Promise<VideoFeatures> {
  try {
    return await featuresOf(path, encoder, { frameRate, cache, isMirrored, limits, signal });
  } catch (cause) {
    if (!(cause instanceof FramewiseError) || !cause.code.startsWith('ERR_VIDEO')) throw cause;
    throw new DatasetError(`${cause.message} It is part of the dataset: repair it, or leave it out.`, path, {
      cause,
    });
  }
}

/** Warns of labels that end after their video, beyond a tolerance. */
function reportBeyondEnd(
  { path, segments }: AnnotatedVideo,
  endSec: number,
  toleranceSec: number,
  onWarning: ((message: string) => void) | undefined,
): void {
  const beyond = segments.filter((segment) => {
    return Number.isFinite(segment.endSec) && segment.endSec > endSec + toleranceSec;
  });
  if (beyond.length === 0) return;
  const spans = beyond.map(({ label, ...span }) => `${label} ${span.startSec} to ${span.endSec} s`);
  onWarning?.(
    `"${path}" ends after ${endSec.toFixed(2)} s, its labels do not: ${spans.join(', ')}. The rest of them is ignored.`,
  );
}
