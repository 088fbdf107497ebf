import type { Random } from '../../src/training/data/random.js';
import type { TaggedSentence } from './conllu.js';
import { EmbeddingTable } from './embedding-table.js';
import { UNKNOWN_ROW, Vocabulary } from './vocabulary.js';
import { WORD_FEATURES, type WordFeature } from './word-features.js';

/** Rows of a word in the table of each feature. */
export type EncodedWord = readonly (readonly number[])[];

/** Turns words into vectors: the vectors of all features, concatenated. */
export class WordEmbedding {
  /** Length of a word's vector. */
  readonly width: number;
  readonly #columns: {
    feature: WordFeature;
    vocabulary: Vocabulary;
    table: EmbeddingTable;
    offset: number;
  }[];
  readonly #encoded = new Map<string, EncodedWord>();

  /** @param minCount - Occurrences in the sentences that a value of a feature needs to get a vector of its own. */
  constructor(sentences: readonly TaggedSentence[], random: Random, { minCount = 2 } = {}) {
    const forms = sentences.flatMap((sentence) => sentence.forms);
    let offset = 0;
    this.#columns = WORD_FEATURES.map((feature) => {
      const vocabulary = new Vocabulary(forms.flatMap(feature.valuesOf), minCount);
      const table = new EmbeddingTable(vocabulary.numRows, feature.width, random);
      const column = { feature, vocabulary, table, offset };
      offset += feature.width;
      return column;
    });
    this.width = offset;
  }

  /** Finds the rows of a word. Each spelling is looked up once. */
  encode(form: string): EncodedWord {
    let word = this.#encoded.get(form);
    if (!word) {
      word = this.#columns.map(({ feature, vocabulary }) => vocabulary.rowsOf(feature.valuesOf(form)));
      this.#encoded.set(form, word);
    }
    return word;
  }

  /**
   * @param sentences - Words of each sentence.
   * @param numSteps - Length to which sentences are padded with zeros.
   * @returns `[sentences, numSteps, width]`
   */
  lookUp(sentences: readonly (readonly EncodedWord[])[], numSteps: number): Float32Array {
    const vectors = new Float32Array(sentences.length * numSteps * this.width);
    this.#visit(sentences, numSteps, (table, rows, offset) => table.addMean(rows, vectors, offset));
    return vectors;
  }

  /**
   * Moves the vectors of these words by one step against a gradient.
   *
   * @param gradient - Gradient of the loss with respect to the result of {@link lookUp}, `[sentences, numSteps, width]`.
   */
  learn(
    sentences: readonly (readonly EncodedWord[])[],
    numSteps: number,
    gradient: Float32Array,
    learningRate: number,
  ): void {
    this.#visit(sentences, numSteps, (table, rows, offset) => table.addGradient(rows, gradient, offset));
    for (const { table } of this.#columns) table.step(learningRate);
  }

  #visit(
    sentences: readonly (readonly EncodedWord[])[],
    numSteps: number,
    visitor: (table: EmbeddingTable, rows: readonly number[], offset: number) => void,
  ): void {
    sentences.forEach((words, sentence) => {
      words.forEach((word, step) => {
        const start = (sentence * numSteps + step) * this.width;
        this.#columns.forEach(({ table, offset }, column) => visitor(table, word[column]!, start + offset));
      });
    });
  }
}

/**
 * Replaces words, the first feature, at random by the unknown word, so that the tagger learns to do without them.
 * Other features stay.
 *
 * @param rate - Share of the words, 0 to 1.
 */
export function forgetWords(words: readonly EncodedWord[], rate: number, random: Random): EncodedWord[] {
  return words.map((word) => (random() < rate ? [[UNKNOWN_ROW], ...word.slice(1)] : word));
}
