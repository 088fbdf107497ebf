import * as tf from '@tensorflow/tfjs-core';
import type { Tensor3D } from '@tensorflow/tfjs-core';
import { clipByGlobalNorm } from '../../src/recurrent/index.js';
import { createRandom, shuffle, type Random } from '../../src/training/data/random.js';
import { sequenceLoss } from '../../src/training/loop/sequence-loss.js';
import { groupByLength } from './batches.js';
import { UNIVERSAL_TAGS, type TaggedSentence } from './conllu.js';
import { Tagger, wordMask } from './tagger.js';
import { TaggingNetwork } from './tagging-network.js';
import { forgetWords, WordEmbedding } from './word-embedding.js';

/** Options of training a tagger. */
export interface TrainingOptions {
  /** Passes over the sentences. Default 5. */
  epochs?: number;
  /** Units of the LSTM in each direction. Default 128. */
  units?: number;
  /** Seed, a positive integer. The same seed and sentences give the same tagger. Default 1. */
  seed?: number;
  /** Initial learning rate of Adam. It falls linearly to zero. Default 0.004. */
  learningRate?: number;
  /** Words per batch, with padding. Default 384. */
  batchWords?: number;
  /** Share of the LSTM's inputs and outputs that training sets to zero. Default 0.25. */
  dropout?: number;
  /** Share of words that training replaces by the unknown word. Default 0.1. */
  wordDropout?: number;
  /** Occurrences that a word, affix or trigram needs for its own vector. Default 2. */
  minCount?: number;
  /** Called after each step with the completed share of the training, 0 to 1, and the loss of the step in nats per word. */
  onStep?: (share: number, loss: number) => void;
}

const MAX_GRADIENT_NORM = 1;

/**
 * Trains a tagger on sentences with known parts of speech.
 *
 * @returns The tagger after the last epoch. The caller disposes it.
 * @throws {GradientError} If training diverges.
 */
export async function trainTagger(
  sentences: readonly TaggedSentence[],
  options: TrainingOptions = {},
): Promise<Tagger> {
  const { epochs = 5, units = 128, seed = 1, learningRate = 0.004, batchWords = 384 } = options;
  const { dropout = 0.25, wordDropout = 0.1, minCount = 2, onStep } = options;
  const random = createRandom(seed);
  const embedding = new WordEmbedding(sentences, random, { minCount });
  const network = new TaggingNetwork({
    inputWidth: embedding.width,
    units,
    numTags: UNIVERSAL_TAGS.length,
    dropout,
    seed,
  });
  const tagger = new Tagger(embedding, network);
  const optimizer = tf.train.adam(learningRate);
  const lengths = sentences.map(({ forms }) => forms.length);
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = shuffle([...sentences.keys()], random);
      const batches = shuffle(groupByLength(lengths, batchWords, order), random);
      for (const [position, batch] of batches.entries()) {
        const share = (epoch + position / batches.length) / epochs;
        const loss = await trainStep(
          tagger,
          optimizer,
          batch.map((sentence) => sentences[sentence]!),
          { learningRate: learningRate * (1 - share), wordDropout, random },
        );
        onStep?.((epoch + (position + 1) / batches.length) / epochs, loss);
        // Awaiting tensors that are ready never yields to the event loop, so Ctrl+C would have no effect until the end.
        await tf.nextFrame();
      }
    }
    return tagger;
  } catch (error) {
    tagger.dispose();
    throw error;
  } finally {
    optimizer.dispose();
  }
}

/**
 * Takes one step on a batch of sentences: Adam for the weights of the network and for the word vectors. Word vectors are not variables
 * of TensorFlow.js. They are the input of the network and learn from its gradient.
 *
 * @returns Mean loss in nats per word.
 */
async function trainStep(
  { embedding, network }: Tagger,
  optimizer: tf.AdamOptimizer,
  sentences: readonly TaggedSentence[],
  { learningRate, wordDropout, random }: { learningRate: number; wordDropout: number; random: Random },
): Promise<number> {
  const words = sentences.map(({ forms }) =>
    forgetWords(
      forms.map((form) => embedding.encode(form)),
      wordDropout,
      random,
    ),
  );
  const numSteps = Math.max(...words.map(({ length }) => length));
  const vectors = embedding.lookUp(words, numSteps);
  const inputs = tf.tidy(() =>
    tf.variable<tf.Rank.R3>(tf.tensor3d(vectors, [words.length, numSteps, embedding.width])),
  );
  const mask = wordMask(words, numSteps);
  const targets = oneHotTags(sentences, numSteps);
  const { value, grads } = tf.variableGrads(
    () => sequenceLoss(network.score(inputs, mask, { isTraining: true }), targets),
    [inputs, ...network.variables],
  );
  const [loss] = await value.data<'float32'>();
  tf.dispose([inputs, mask, targets, value]);
  const { gradients } = await clipByGlobalNorm(grads, MAX_GRADIENT_NORM);
  const { [inputs.name]: inputGradient, ...weightGradients } = gradients;
  // TensorFlow.js has no schedules. Its optimizer reads this field at each step, and only the type is protected.
  (optimizer as unknown as { learningRate: number }).learningRate = learningRate;
  optimizer.applyGradients(weightGradients as Record<string, tf.Variable>);
  embedding.learn(words, numSteps, await inputGradient!.data<'float32'>(), learningRate);
  tf.dispose(gradients);
  return loss!;
}

/** @returns float32 `[sentences, numSteps, tags]`, zero where there is no word. The caller disposes it. */
function oneHotTags(sentences: readonly TaggedSentence[], numSteps: number): Tensor3D {
  const numTags = UNIVERSAL_TAGS.length;
  const targets = new Float32Array(sentences.length * numSteps * numTags);
  sentences.forEach(({ tags }, row) => {
    tags.forEach((tag, step) => {
      targets[(row * numSteps + step) * numTags + UNIVERSAL_TAGS.indexOf(tag)] = 1;
    });
  });
  return tf.tensor3d(targets, [sentences.length, numSteps, numTags]);
}
