import type { FeatureKey, FeatureStore } from '../../encoder/features/feature-store.js';
import { DatasetError } from '../../errors.js';

/** Bytes of features that stay in memory. Reading them again costs little beside a step, so few are enough. */
const MAX_BYTES = 64 * 2 ** 20;

/**
 * Reads features from a store when they are asked for, and keeps the latest used ones, so that the memory a training
 * takes does not grow with its dataset.
 */
export class FeatureCache {
  /** By the key's JSON, the least recently used first. */
  readonly #held = new Map<string, Float32Array>();
  #numBytes = 0;

  constructor(
    readonly store: FeatureStore,
    private readonly maxBytes = MAX_BYTES,
  ) {}

  /**
   * @param video - Path that a message names.
   * @returns float32 `[numFrames, featureSize]`, not to be written to.
   * @throws {DatasetError} If the store no longer has them.
   */
  async load(key: FeatureKey, video: string): Promise<Float32Array> {
    const name = JSON.stringify(key);
    const held = this.#held.get(name);
    if (held) {
      this.#held.delete(name); // To be put behind the others.
      this.#held.set(name, held);
      return held;
    }
    const stored = await this.store.read(key);
    if (stored) return this.hold(key, stored.features);
    throw new DatasetError(
      `The features of "${video}" are no longer in "${this.store.folder}", or damaged. ` +
        'Start again with --resume: they will be encoded anew.',
      video,
    );
  }

  /** Keeps features for as long as there is room. @returns Them. */
  hold(key: FeatureKey, features: Float32Array): Float32Array {
    const name = JSON.stringify(key);
    if (this.#held.has(name)) return features; // Loaded twice at the same time.
    this.#held.set(name, features);
    this.#numBytes += features.byteLength;
    for (const [oldest, { byteLength }] of this.#held) {
      if (this.#numBytes <= this.maxBytes || oldest === name) break;
      this.#held.delete(oldest);
      this.#numBytes -= byteLength;
    }
    return features;
  }
}
