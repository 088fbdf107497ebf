import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { featureCacheFolder } from '../../cache-folder.js';
import { writeFileAtomic } from '../../runtime/output-file.js';
import type { VideoInfo } from '../../video/video-frame.js';
import { hashVideo } from './hash-video.js';

/** What features depend on. */
export interface FeatureKey {
  /** SHA-256 of the video's content, hexadecimal. */
  contentHash: string;
  /** `FrameEncoder.id`. */
  encoderId: string;
  /** Frames a second at which the video was sampled. */
  frameRate: number;
  /** Whether left and right were exchanged. Default false. */
  isMirrored?: boolean;
}

/** A whole video's features. */
export interface StoredFeatures {
  /** Presentation times, `[numFrames]`, in seconds since the stream's start. */
  timesSec: Float64Array;
  /** `[numFrames, featureSize]`. */
  features: Float32Array;
  featureSize: number;
  /** The video as it was when encoded; its `source` may be another copy of the same content. */
  video?: VideoInfo;
}

interface EntryHeader extends Pick<StoredFeatures, 'video' | 'featureSize'> {
  key: FeatureKey;
  numFrames: number;
}

/** Begins every entry. Its number goes up whenever the layout, or the decoding that features come from, changes. */
const MAGIC = 'FWFEAT01';
const LENGTH_BYTES = 4;
const CHECKSUM_BYTES = 32;
const ALIGNMENT = 8;

/**
 * Keeps features of whole videos on disk, one file each, so that a video is encoded once for any number of trainings.
 *
 * An entry is the magic, the length of its JSON header as uint32, the header padded with spaces to a multiple of 8, the
 * times as float64, the features as float32, all little-endian, and the SHA-256 of everything before.
 */
export class FeatureStore {
  /** @param folder - Made when first written to; entries in it can be deleted at any time. */
  constructor(readonly folder: string = featureCacheFolder()) {}

  /**
   * @param video - Path of a video, or of a folder of images.
   * @throws {VideoOpenError} If it cannot be read.
   */
  async keyOf(video: string, encoderId: string, frameRate: number): Promise<FeatureKey> {
    return { contentHash: await hashVideo(video), encoderId, frameRate };
  }

  /**
   * @returns The features, or undefined where they are absent or cannot be used: an entry that is damaged or unreadable
   *   is as good as none. The caller computes them anew, and `write` says what is wrong with the folder, if anything.
   */
  async read(key: FeatureKey): Promise<StoredFeatures | undefined> {
    let entry: Uint8Array;
    try {
      entry = await readFile(this.fileOf(key));
    } catch {
      return undefined;
    }
    return decodeEntry(key, new Uint8Array(entry)); // The copy aligns the numbers, which a Buffer may not.
  }

  /** @throws {OutputError} If the folder or the file cannot be written. */
  async write(key: FeatureKey, features: StoredFeatures): Promise<void> {
    await writeFileAtomic(this.fileOf(key), encodeEntry(key, features));
  }

  private fileOf(key: FeatureKey): string {
    const name = createHash('sha256').update(canonical(key)).digest('hex').slice(0, 32);
    return path.join(this.folder, `${name}.features`);
  }
}

function canonical({ contentHash, encoderId, frameRate, isMirrored }: FeatureKey): string {
  return JSON.stringify([contentHash, encoderId, frameRate, ...(isMirrored ? ['mirrored'] : [])]);
}

function encodeEntry(
  key: FeatureKey,
  { timesSec, features, featureSize, video }: StoredFeatures,
): Uint8Array {
  const header: EntryHeader = { key, featureSize, numFrames: timesSec.length, ...(video && { video }) };
  const json = Buffer.from(JSON.stringify(header));
  const unpadded = MAGIC.length + LENGTH_BYTES + json.length;
  const padding = Buffer.alloc((ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT, ' ');
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(json.length + padding.length);
  const parts = [Buffer.from(MAGIC), length, json, padding, bytesOf(timesSec), bytesOf(features)];
  return Buffer.concat([...parts, checksum(parts)]);
}

function decodeEntry(key: FeatureKey, entry: Uint8Array): StoredFeatures | undefined {
  const { buffer } = entry;
  const content = entry.subarray(0, -CHECKSUM_BYTES);
  if (Buffer.compare(checksum([content]), entry.subarray(-CHECKSUM_BYTES)) !== 0) return undefined;
  if (Buffer.from(buffer, 0, MAGIC.length).toString() !== MAGIC) return undefined;
  const headerStart = MAGIC.length + LENGTH_BYTES;
  const timesStart = headerStart + new DataView(buffer).getUint32(MAGIC.length, true);
  // The checksum holds, so this is what encodeEntry wrote.
  const header = JSON.parse(Buffer.from(buffer).toString('utf8', headerStart, timesStart)) as EntryHeader;
  if (canonical(header.key) !== canonical(key)) return undefined;
  const { video, featureSize, numFrames } = header;
  const timesSec = new Float64Array(buffer, timesStart, numFrames);
  const features = new Float32Array(buffer, timesStart + timesSec.byteLength, numFrames * featureSize);
  return { timesSec, features, featureSize, ...(video && { video }) };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function checksum(parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
