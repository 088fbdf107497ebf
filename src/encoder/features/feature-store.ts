import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { featureCacheFolder } from '../../cache-folder.js';
import { VideoOpenError } from '../../errors.js';
import { writeFileAtomic } from '../../runtime/output-file.js';
import {
  decodeEarlierFile,
  decodeTensorFile,
  encodeTensorFile,
  TensorFileError,
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
  return readFile(file).catch(() => undefined);
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
  try {
    const { metadata, tensors } = decodeTensorFile(FORMAT, file);
    if (metadata['key'] !== canonical(key)) return undefined;
    // The checksum holds, so the rest is as encodeEntry wrote it.
    const features = tensors.get('features')!;
    return {
      timesSec: tensors.get('timesSec')!.values as Float64Array,
      features: features.values as Float32Array,
      featureSize: features.shape[1]!,
      video: (JSON.parse(metadata['video']!) as VideoInfo | null) ?? undefined,
    };
  } catch (error) {
    if (error instanceof TensorFileError) return undefined;
    throw error;
  }
}

/** Reads version 1, so that videos are not encoded again after an update. */
function decodeEarlierEntry(key: FeatureKey, file: Uint8Array): StoredFeatures | undefined {
  const decoded = decodeEarlierFile(EARLIER_MAGIC, file);
  if (!decoded) return undefined;
  const header = decoded.header as { key: FeatureKey; numFrames: number } & StoredFeatures;
  if (canonical(header.key) !== canonical(key)) return undefined;
  const { video, featureSize, numFrames } = header;
  const timesSec = new Float64Array(decoded.values, 0, numFrames);
  const features = new Float32Array(decoded.values, timesSec.byteLength, numFrames * featureSize);
  return { timesSec, features, featureSize, video };
}

/**
 * Hashes what a video is, wherever it lies: a file's bytes, or the names and bytes of the files in a folder of images.
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

/** Each file is hashed by itself, so that bytes cannot move from one into the next unnoticed. */
async function hashFolder(folder: string, hash: Hash): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  for (const name of names.sort()) {
    if (!(await stat(path.join(folder, name))).isFile()) continue; // a pipe, which no picture is read from either
    const content = createHash('sha256');
    await hashFile(path.join(folder, name), content);
    hash.update(JSON.stringify([name, content.digest('hex')]));
  }
}

async function hashFile(file: string, hash: Hash): Promise<void> {
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
}
