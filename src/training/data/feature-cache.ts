import type { FeatureKey, FeatureStore } from '../../encoder/features/feature-store.js';
import { DatasetError } from '../../errors.js';

/** Bytes of features kept in memory. A few are enough, because reading features takes little time beside a step. */
const MAX_BYTES = 64 * 2 ** 20;

/**
 * Reads features from a store on demand and keeps the most recently used ones, so that the memory of a training does not
 * grow with its dataset.
 */
export class FeatureCache {
  readonly store: FeatureStore;
  readonly #maxBytes: number;
  /** By the JSON of the key, least recently used first. */
  readonly #held = new Map<string, Float32Array>();
  #numBytes = 0;

  constructor(store: FeatureStore, maxBytes = MAX_BYTES) {
    this.store = store;
    this.#maxBytes = maxBytes;
  }

  /**
   * @param video - The path for the error message.
   * @returns float32 `[numFrames, featureSize]`. Callers must not write to it.
   * @throws {DatasetError} If the store no longer has the features.
   */
  async load(key: FeatureKey, video: string): Promise<Float32Array> {
    const name = JSON.stringify(key);
    const held = this.#held.get(name);
    if (held) {
      this.#held.delete(name); // Inserting it again makes it the most recently used.
      this.#held.set(name, held);
      return held;
    }
    const stored = await this.store.read(key);
    if (stored) return this.hold(key, stored.features);
    throw new DatasetError(
      `The features of "${video}" are no longer in "${this.store.folder}", or are damaged. ` +
        'Start again with --resume: they will be encoded again.',
      video,
    );
  }

  /** Keeps features until their room is needed, and returns them. */
  hold(key: FeatureKey, features: Float32Array): Float32Array {
    const name = JSON.stringify(key);
    if (this.#held.has(name)) return features; // Loaded twice at the same time.
    this.#held.set(name, features);
    this.#numBytes += features.byteLength;
    for (const [oldest, { byteLength }] of this.#held) {
      if (this.#numBytes <= this.#maxBytes || oldest === name) break;
      this.#held.delete(oldest);
      this.#numBytes -= byteLength;
    }
    return features;
  }
}
