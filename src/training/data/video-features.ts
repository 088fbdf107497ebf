import { encodeWholeVideo, type EncodeVideoOptions } from '../../encoder/features/encode-video.js';
import type { FeatureKey } from '../../encoder/features/feature-store.js';
import type { FrameEncoder } from '../../encoder/frame-encoder.js';
import type { FeatureCache } from './feature-cache.js';
import type { SequenceFeatures } from './sequences.js';

/** A video's features, and whether all of them came from the cache. */
export interface VideoFeatures {
  /** Presentation time of each frame in seconds, `[numFrames]`. */
  timesSec: Float64Array;
  features: SequenceFeatures;
  isCached: boolean;
}

/** How a video is encoded, and where its features are cached. */
export interface VideoFeaturesOptions extends EncodeVideoOptions {
  /** Frames per second. */
  frameRate: number;
  /** If undefined, features stay in memory. */
  cache: FeatureCache | undefined;
}

/**
 * Loads a video's features from the cache, or encodes the video. The parts of a joined encoder are cached separately, so
 * that another combination encodes only its new parts.
 */
export async function featuresOf(
  video: string,
  encoder: FrameEncoder,
  { cache, ...options }: VideoFeaturesOptions,
): Promise<VideoFeatures> {
  if (!cache) return { ...(await encodeWholeVideo(video, encoder, options)), isCached: false };
  const { frameRate, isMirrored = false } = options;
  const key = { ...(await cache.store.keyOf(video, encoder.id, frameRate)), isMirrored };
  if (!encoder.parts) return cachedFeatures(video, encoder, key, cache, options);
  const parts: CachedFeatures[] = [];
  for (const part of encoder.parts) {
    parts.push(await cachedFeatures(video, part, { ...key, encoderId: part.id }, cache, options));
  }
  const { timesSec } = parts[0]!;
  return {
    timesSec,
    features: async () => {
      const loaded = await Promise.all(parts.map(({ features }) => features()));
      return joinFeatures(loaded, timesSec.length);
    },
    isCached: parts.every(({ isCached }) => isCached),
  };
}

interface CachedFeatures extends VideoFeatures {
  features: () => Promise<Float32Array>;
}

async function cachedFeatures(
  video: string,
  encoder: FrameEncoder,
  key: FeatureKey,
  cache: FeatureCache,
  options: EncodeVideoOptions,
): Promise<CachedFeatures> {
  const cached = await cache.store.read(key);
  const encoded = cached ?? (await encodeWholeVideo(video, encoder, options));
  if (!cached) await cache.store.write(key, encoded);
  cache.hold(key, encoded.features);
  const features = () => cache.load(key, video);
  return { timesSec: encoded.timesSec, features, isCached: cached !== undefined };
}

/** Concatenates the features of each frame, as a joined encoder does. */
function joinFeatures(parts: readonly Float32Array[], numFrames: number): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (let frame = 0; frame < numFrames; frame++) {
    for (const part of parts) {
      const featureSize = part.length / numFrames;
      whole.set(part.subarray(frame * featureSize, (frame + 1) * featureSize), offset);
      offset += featureSize;
    }
  }
  return whole;
}
