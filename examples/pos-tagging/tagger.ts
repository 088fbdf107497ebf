import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { groupByLength } from './batches.js';
import { UNIVERSAL_TAGS, type UniversalTag } from './conllu.js';
import type { TaggingNetwork } from './tagging-network.js';
import type { WordEmbedding } from './word-embedding.js';

const BATCH_WORDS = 2048;

/** Tags the words of sentences with parts of speech. */
export class Tagger {
  constructor(
    readonly embedding: WordEmbedding,
    readonly network: TaggingNetwork,
  ) {}

  /**
   * @param sentences - Words of each sentence.
   * @returns A part of speech for each word.
   */
  async tag(sentences: readonly (readonly string[])[]): Promise<UniversalTag[][]> {
    const tagged: UniversalTag[][] = sentences.map(() => []);
    const lengths = sentences.map(({ length }) => length);
    for (const batch of groupByLength(lengths, BATCH_WORDS)) {
      const words = batch.map((sentence) => sentences[sentence]!.map((form) => this.embedding.encode(form)));
      const numSteps = Math.max(...words.map(({ length }) => length));
      const best = tf.tidy(() => {
        const { width } = this.embedding;
        const vectors = this.embedding.lookUp(words, numSteps);
        const inputs = tf.tensor3d(vectors, [batch.length, numSteps, width]);
        return tf.argMax(this.network.score(inputs, wordMask(words, numSteps)), 2);
      });
      const choices = await best.data();
      best.dispose();
      for (const [row, sentence] of batch.entries()) {
        const start = row * numSteps;
        const chosen = choices.subarray(start, start + lengths[sentence]!);
        tagged[sentence] = Array.from(chosen, (choice) => UNIVERSAL_TAGS[choice]!);
      }
    }
    return tagged;
  }

  dispose(): void {
    this.network.dispose();
  }
}

/**
 * Marks the words of padded sentences.
 *
 * @returns bool `[sentences, numSteps]`. The caller disposes it.
 */
export function wordMask(sentences: readonly (readonly unknown[])[], numSteps: number): Tensor2D {
  const mask = new Uint8Array(sentences.length * numSteps);
  sentences.forEach(({ length }, row) => mask.fill(1, row * numSteps, row * numSteps + length));
  return tf.tensor2d(mask, [sentences.length, numSteps], 'bool');
}
