import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { featureCacheFolder } from '../../cache-folder.js';
import { z } from 'zod';
import { VideoOpenError } from '../../errors.js';
import { MAX_BINARY_BYTES, readRegularFile } from '../../runtime/input-file.js';
import { writeFileAtomic } from '../../runtime/output-file.js';
import {
  decodeEarlierFile,
  decodeTensorFile,
  encodeTensorFile,
  unlessDamaged,
} from '../../tensors/tensor-file.js';
import type { VideoInfo } from '../../video/video-frame.js';

/** What features depend on. */
export interface FeatureKey {
  /** SHA-256 of the video's content, hexadecimal. */
  contentHash: string;
  /** `FrameEncoder.id`. */
  encoderId: string;
  /** Frames per second at which the video was sampled. */
  frameRate: number;
  /** Whether left and right were exchanged. Default false. */
  isMirrored?: boolean;
}

/** The features of a whole video. */
export interface StoredFeatures {
  /** Presentation times, `[numFrames]`, in seconds since the stream's start. */
  timesSec: Float64Array;
  /** `[numFrames, featureSize]`. */
  features: Float32Array;
  featureSize: number;
  /** The video as it was when encoded; its `source` may be another copy of the same content. */
  video?: VideoInfo;
}

/**
 * Version 1 had a layout and a file extension of its own. Raise the version whenever the content of an entry changes, or
 * the decoding that features are computed from.
 */
const FORMAT = { name: 'framewise-features', version: 2 };
const EARLIER_MAGIC = 'FWFEAT01';

const number = z.number().min(0);
const videoSchema = z.object({
  source: z.string(),
  width: number,
  height: number,
  rotationDegrees: number,
  frameRate: number,
  durationSec: number,
  startSec: z.number(),
  codec: z.string(),
  numFrames: number.exactOptional(),
});
const earlierHeaderSchema = z.object({
  key: z.object({
    contentHash: z.string(),
    encoderId: z.string(),
    frameRate: z.number(),
    isMirrored: z.boolean().optional(),
  }),
  numFrames: z.int().min(0),
  featureSize: z.int().min(0),
  video: videoSchema.optional(),
});

/**
 * Keeps the features of whole videos on disk, one file per video, encoder and frame rate, so that a video is encoded once
 * for any number of trainings. An entry is a safetensors file with the tensors `timesSec`, float64 `[numFrames]`, and
 * `features`, float32 `[numFrames, featureSize]`. Its metadata holds the key and the video as JSON.
 *
 * @example
 * const store = new FeatureStore('/data/features');
 * const key = await store.keyOf('street.mp4', encoder.id, 10);
 * const stored = await store.read(key);
 */
export class FeatureStore {
  /** @param folder - Created by the first write. Entries in it can be deleted at any time. */
  constructor(readonly folder: string = featureCacheFolder()) {}

  /**
   * @param video - Path of a video, or of a folder of pictures.
   * @throws {VideoOpenError} If it cannot be read.
   */
  async keyOf(video: string, encoderId: string, frameRate: number): Promise<FeatureKey> {
    return { contentHash: await hashVideo(video), encoderId, frameRate };
  }

  /**
   * @returns The features, or undefined if the store has none. A damaged or unreadable entry counts as absent: the caller
   *   encodes the video again, and `write` reports what is wrong with the folder.
   */
  async read(key: FeatureKey): Promise<StoredFeatures | undefined> {
    const file = await readIfPossible(this.#fileOf(key, 'safetensors'));
    const stored = file && decodeEntry(key, file);
    if (stored) return stored;
    const earlier = await readIfPossible(this.#fileOf(key, 'features'));
    return earlier && decodeEarlierEntry(key, earlier);
  }

  /** @throws {OutputError} If the folder or the file cannot be written. */
  async write(key: FeatureKey, features: StoredFeatures): Promise<void> {
    await writeFileAtomic(this.#fileOf(key, 'safetensors'), encodeEntry(key, features));
  }

  #fileOf(key: FeatureKey, extension: string): string {
    const name = createHash('sha256').update(canonical(key)).digest('hex').slice(0, 32);
    return path.join(this.folder, `${name}.${extension}`);
  }
}

async function readIfPossible(file: string): Promise<Uint8Array | undefined> {
  return readRegularFile(file, { maxBytes: MAX_BINARY_BYTES }).catch(() => undefined);
}

function canonical({ contentHash, encoderId, frameRate, isMirrored }: FeatureKey): string {
  return JSON.stringify([contentHash, encoderId, frameRate, ...(isMirrored ? ['mirrored'] : [])]);
}

function encodeEntry(
  key: FeatureKey,
  { timesSec, features, featureSize, video }: StoredFeatures,
): Uint8Array {
  return encodeTensorFile(FORMAT, {
    metadata: { key: canonical(key), video: JSON.stringify(video ?? null) },
    tensors: new Map([
      ['timesSec', { shape: [timesSec.length], values: timesSec }],
      ['features', { shape: [timesSec.length, featureSize], values: features }],
    ]),
  });
}

function decodeEntry(key: FeatureKey, file: Uint8Array): StoredFeatures | undefined {
  return unlessDamaged(() => {
    const { metadata, tensors } = decodeTensorFile(FORMAT, file);
    if (metadata['key'] !== canonical(key)) return undefined;
    const [times, features] = [tensors.get('timesSec'), tensors.get('features')];
    return checkEntry({
      timesSec: times?.values,
      features: features?.values,
      featureSize: features?.shape[1],
      video: videoSchema.nullable().parse(JSON.parse(metadata['video'] ?? 'null')) ?? undefined,
    });
  });
}

/** Reads version 1, so that videos are not encoded again after an update. */
function decodeEarlierEntry(key: FeatureKey, file: Uint8Array): StoredFeatures | undefined {
  return unlessDamaged(() => {
    const decoded = decodeEarlierFile(EARLIER_MAGIC, file);
    if (!decoded) return undefined;
    const { video, featureSize, numFrames, key: ownKey } = earlierHeaderSchema.parse(decoded.header);
    if (canonical(ownKey) !== canonical(key)) return undefined;
    const timesSec = new Float64Array(decoded.values, 0, numFrames);
    const features = new Float32Array(decoded.values, timesSec.byteLength, numFrames * featureSize);
    return checkEntry({ timesSec, features, featureSize, video });
  });
}

/** @returns The features, or undefined if their types, sizes or values are not those of a video. */
function checkEntry({
  timesSec,
  features,
  featureSize,
  video,
}: Partial<Record<keyof StoredFeatures, unknown>> & { video?: VideoInfo }): StoredFeatures | undefined {
  if (!(timesSec instanceof Float64Array && features instanceof Float32Array)) return undefined;
  if (typeof featureSize !== 'number' || timesSec.length * featureSize !== features.length) return undefined;
  const isSorted = timesSec.every((time, frame) => frame === 0 || time >= timesSec[frame - 1]!);
  if (!isSorted || !features.every(Number.isFinite)) return undefined;
  return { timesSec, features, featureSize, video };
}

/**
 * Hashes the content of a video, wherever it lies: the bytes of a file, or the names and bytes of the pictures in a folder.
 *
 * @returns SHA-256, hexadecimal.
 * @throws {VideoOpenError} If it is missing or cannot be read.
 */
export async function hashVideo(video: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    const status = await stat(video);
    // Opening a pipe waits for a writer, and a device may have no end.
    if (!status.isDirectory() && !status.isFile()) throw new Error('it is neither a file nor a folder');
    if (status.isDirectory()) await hashFolder(video, hash);
    else await hashFile(video, hash);
  } catch (cause) {
    const message = `Cannot read "${video}": ${(cause as Error).message}. Name a video that exists and is readable.`;
    throw new VideoOpenError(message, video, { cause });
  }
  return hash.digest('hex');
}

/** Each file is hashed by itself, so that bytes that move from one file to the next change the hash. */
async function hashFolder(folder: string, hash: Hash): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  for (const name of names.sort()) {
    if (!(await stat(path.join(folder, name))).isFile()) continue; // No picture is read from a pipe, either.
    const content = createHash('sha256');
    await hashFile(path.join(folder, name), content);
    hash.update(JSON.stringify([name, content.digest('hex')]));
  }
}

async function hashFile(file: string, hash: Hash): Promise<void> {
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
}
