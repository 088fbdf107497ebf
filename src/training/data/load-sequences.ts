import type { AnnotatedVideo } from '../../annotations/datasets/dataset.js';
import { FeatureStore } from '../../encoder/features/feature-store.js';
import type { FrameEncoder } from '../../encoder/frame-encoder.js';
import { DatasetError, FramewiseError } from '../../errors.js';
import type { VideoLimits } from '../../video/video-limits.js';
import { FeatureCache } from './feature-cache.js';
import { labelSequence, UNLABELED, type LabeledSequence } from './sequences.js';
import { featuresOf, type VideoFeatures } from './video-features.js';

/** How a dataset's videos become sequences. */
export interface EncodeDatasetOptions {
  /** Frames a second. */
  frameRate: number;
  labels: readonly string[];
  /** Label for frames that the truth leaves out; they stay unlabeled without it. */
  background?: string;
  /** Folder for cached features, from which they are read again when needed; false keeps them in memory. */
  cacheDir?: string | false;
  /** Videos to encode as in a mirror too. Default none. */
  mirroredToo?: ReadonlySet<AnnotatedVideo>;
  /** Whether a video that cannot be used ends it all; otherwise it is left out, and reported. Default true. */
  isStrict?: boolean;
  /** How large and long a video may be. Features that are cached already meet no limit. */
  limits?: VideoLimits;
  signal?: AbortSignal;
  /** Called after each video. */
  onVideo?: (done: number, all: number, name: string, isCached: boolean) => void;
  /** Told of videos that are left out, and of labels that lie beyond a video's end. */
  onWarning?: (message: string) => void;
}

/** Videos encoded at once: while one is being opened or drained, another keeps the encoder busy. */
const NUM_PARALLEL_VIDEOS = 3;

/**
 * Encodes the videos of a dataset, or finds their features in the cache, and joins them with their truth. With a cache,
 * sequences read their features when they are asked for.
 *
 * @param encoder - Disposed before this returns or throws; this is the last that it does.
 * @returns One sequence a video that can be used, in the order given.
 * @throws {DatasetError} If a video cannot be decoded or none of its frames has a label: the first such one if strict,
 *   otherwise if all are so.
 */
export async function encodeDataset(
  videos: readonly AnnotatedVideo[],
  encoder: FrameEncoder,
  options: EncodeDatasetOptions,
): Promise<LabeledSequence[]> {
  const { cacheDir, isStrict = true, onVideo, onWarning } = options;
  const cache = cacheDir === false ? undefined : new FeatureCache(new FeatureStore(cacheDir));
  const load = (video: AnnotatedVideo) => loadSequence(video, { ...options, encoder, cache });
  const sequences: (LabeledSequence | undefined)[] = videos.map(() => undefined);
  const refusals: DatasetError[] = [];
  let done = 0;
  try {
    await inParallel(videos, async (video, position) => {
      try {
        const { sequence, isCached } = await load(video);
        sequences[position] = sequence;
        onVideo?.(++done, videos.length, video.name, isCached);
      } catch (error) {
        if (isStrict || !(error instanceof DatasetError)) throw error;
        refusals.push(error);
        onWarning?.(`left out: ${error.message}`);
        onVideo?.(++done, videos.length, video.name, false);
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

/** Says which labels lie where the video shows nothing; an end that is a little late is an end. */
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
    `"${path}" ends after ${endSec.toFixed(2)} s, its labels do not: ${spans.join(', ')}. What lies beyond is left out.`,
  );
}

/** Works on a few items at a time, in order; after a failure no other is begun, and the first failure is thrown. */
async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item, position: number) => Promise<void>,
): Promise<void> {
  const queue = items.entries();
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    for (const [position, item] of queue) {
      if (hasFailed) return;
      await work(item, position).catch((error: unknown) => {
        hasFailed = true;
        throw error;
      });
    }
  };
  const workers = Array.from({ length: NUM_PARALLEL_VIDEOS }, worker);
  for (const result of await Promise.allSettled(workers)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
