import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupByLength } from '../../examples/pos-tagging/batches.js';
import { parseConllu, readConllu, UNIVERSAL_TAGS } from '../../examples/pos-tagging/conllu.js';
import { EmbeddingTable } from '../../examples/pos-tagging/embedding-table.js';
import { reportErrors, type JudgedWord } from '../../examples/pos-tagging/error-report.js';
import { formatReport } from '../../examples/pos-tagging/format-report.js';
import { wordMask } from '../../examples/pos-tagging/tagger.js';
import { TaggingNetwork } from '../../examples/pos-tagging/tagging-network.js';
import { trainTagger } from '../../examples/pos-tagging/train-tagger.js';
import { UNKNOWN_ROW, Vocabulary } from '../../examples/pos-tagging/vocabulary.js';
import { forgetWords, WordEmbedding } from '../../examples/pos-tagging/word-embedding.js';
import { trigrams, WORD_FEATURES, wordShape } from '../../examples/pos-tagging/word-features.js';
import { AnnotationError } from '../../src/errors.js';
import { startBackend } from '../../src/runtime/backend.js';
import { createRandom } from '../../src/training/data/random.js';

const ROOT = path.join(import.meta.dirname, '..', '..');
const INVENTED = path.join(ROOT, 'fixtures', 'pos-tagging', 'invented.conllu');

beforeAll(() => startBackend('wasm'));

/** A line of CoNLL-U. */
function line(id: string, form: string, tag: string): string {
  return [id, form, '_', tag, '_', '_', '_', '_', '_', '_'].join('\t');
}

describe('reading CoNLL-U', () => {
  it('reads words and tags, and skips comments, ranges and words that were not written', () => {
    const text = [
      '\uFEFF# text = don’t #1',
      line('1-2', 'don’t', '_'),
      line('1', 'do', 'AUX'),
      line('2', 'n’t', 'PART'),
      line('2.1', 'go', 'VERB'),
      line('3', '#1', 'NOUN'),
      '',
      '',
      '# text = New York',
      line('1', 'New York', 'PROPN'),
    ];
    const sentences = [
      { forms: ['do', 'n’t', '#1'], tags: ['AUX', 'PART', 'NOUN'] },
      { forms: ['New York'], tags: ['PROPN'] },
    ];
    expect(parseConllu(text.join('\n'), 'a.conllu')).toEqual(sentences);
    expect(parseConllu(`${text.join('\r\n')}\r\n\r\n`, 'a.conllu')).toEqual(sentences);
  });

  it('reads the invented sentences, which use every tag', async () => {
    const sentences = await readConllu(INVENTED);
    expect(sentences).toHaveLength(13);
    expect(sentences[2]!.forms.join(' ')).toBe('We do n’t know if the ferry will leave .'.replace('’', "'"));
    expect(sentences[9]!.forms.join(' ')).toBe('Some drank tea , others coffee .');
    expect(new Set(sentences.flatMap(({ tags }) => tags))).toEqual(new Set(UNIVERSAL_TAGS));
  });

  it.each([
    ['columns', '1\tword\tNOUN', /"a\.conllu" line 3: expected 10 columns divided by tabs, received 3/],
    ['an ID', line('3', 'word', 'NOUN'), /line 3: expected word 2 of its sentence, received the ID "3"/],
    ['a word', line('2', '', 'NOUN'), /line 3: the word is empty/],
    [
      'a tag',
      line('2', 'word', 'NN'),
      /line 3: expected a universal part of speech \(ADJ, .*\), received "NN"/,
    ],
  ])('says which line lacks %s', (_, broken, message) => {
    const text = ['# comment', line('1', 'a', 'DET'), broken].join('\n');
    expect(() => parseConllu(text, 'a.conllu')).toThrow(message);
    expect(() => parseConllu(text, 'a.conllu')).toThrow(expect.objectContaining({ line: 3 }));
  });

  it('reports a file that is empty, missing or a folder', async () => {
    expect(() => parseConllu('# nothing but a comment\n', 'a.conllu')).toThrow(/holds no sentence/);
    await expect(readConllu(path.join(ROOT, 'no-such.conllu'))).rejects.toThrow(/it does not exist/);
    await expect(readConllu(ROOT)).rejects.toThrow(AnnotationError);
  });
});

describe('features of a word', () => {
  const valuesOf = (name: string, form: string): string[] =>
    WORD_FEATURES.find((feature) => feature.name === name)!.valuesOf(form);

  it('tell how it is written', () => {
    const shapes = ['Paris', 'NATO', 'iPhone5', 'e-mail', '1,234.50', '...', 'Ärger', 'a'].map(wordShape);
    expect(shapes).toEqual(['Xxx', 'XX', 'xXxxd', 'x-xx', 'd,dd.dd', '..', 'Xxx', 'x']);
  });

  it('are prefixes and suffixes in lower case with equal digits, and none of a word that is too short', () => {
    expect(valuesOf('word', 'U2')).toEqual(['u0']);
    expect(valuesOf('prefix-3', 'Walking')).toEqual(['wal']);
    expect(valuesOf('suffix-3', 'Walking')).toEqual(['ing']);
    expect(valuesOf('suffix-4', '1987')).toEqual(['0000']);
    expect(valuesOf('suffix-4', 'the')).toEqual([]);
    expect(valuesOf('suffix-2', 'ok😀')).toEqual(['k😀']);
  });

  it('are its letters three by three, its edges marked', () => {
    expect(trigrams('Cat')).toEqual(['<ca', 'cat', 'at>']);
    expect(trigrams('a')).toEqual(['<a>']);
  });
});

describe('vocabularies', () => {
  it('number what occurs often enough, and treat the rest as unknown', () => {
    const vocabulary = new Vocabulary(['b', 'a', 'c', 'b', 'a', 'b'], 2);
    expect(vocabulary.numRows).toBe(3);
    expect(vocabulary.rowsOf(['b'])).toEqual([1]);
    expect(vocabulary.rowsOf(['a', 'c', 'b'])).toEqual([2, 1]);
    expect(vocabulary.rowsOf(['c'])).toEqual([UNKNOWN_ROW]);
    expect(vocabulary.rowsOf([])).toEqual([UNKNOWN_ROW]);
  });
});

describe('tables of vectors', () => {
  const vectorOf = (table: EmbeddingTable, ...rows: number[]): Float32Array => {
    const vector = new Float32Array(table.width);
    table.addMean(rows, vector, 0);
    return vector;
  };

  it('average rows', () => {
    const table = new EmbeddingTable(3, 2, createRandom(1));
    const [one, other] = [vectorOf(table, 0), vectorOf(table, 2)];
    const mean = vectorOf(table, 0, 2);
    for (const i of [0, 1]) expect(mean[i]).toBeCloseTo((one[i]! + other[i]!) / 2, 6);
  });

  it('move used rows as TensorFlow.js’s Adam does, and no other row', () => {
    const table = new EmbeddingTable(3, 2, createRandom(1));
    const unused = vectorOf(table, 1);
    // The loss has the mean of rows 0 and 2 and, once more, row 2; its gradient in each is written out by the chain rule.
    const variable = tf.variable(tf.tensor2d([...vectorOf(table, 0), ...vectorOf(table, 2)], [2, 2]));
    const adam = tf.train.adam(0.1, 0.9, 0.999, 1e-8);
    for (const [g, h] of [
      [
        [1, -2],
        [3, 0.5],
      ],
      [
        [-0.5, 4],
        [2, -1],
      ],
      [
        [0.25, 0.25],
        [-6, 1],
      ],
    ] as const) {
      table.addGradient([0, 2], Float32Array.of(9, ...g), 1);
      table.addGradient([2], Float32Array.from(h), 0);
      table.step(0.1);
      const gradient = tf.tensor2d([g[0] / 2, g[1] / 2, g[0] / 2 + h[0], g[1] / 2 + h[1]], [2, 2]);
      adam.applyGradients({ [variable.name]: gradient as tf.Variable });
    }
    const moved = [...vectorOf(table, 0), ...vectorOf(table, 2)];
    const expected = variable.dataSync();
    moved.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    expect(vectorOf(table, 1)).toEqual(unused);
  });
});

describe('word vectors', () => {
  it('concatenate the vectors of all features, and are zero without a word', async () => {
    const embedding = new WordEmbedding(await readConllu(INVENTED), createRandom(1), { minCount: 1 });
    expect(embedding.width).toBe(WORD_FEATURES.reduce((sum, { width }) => sum + width, 0));
    const [the, dog] = [embedding.encode('the'), embedding.encode('dog')];
    const vectors = embedding.lookUp([[the, dog], [dog]], 2);
    expect(vectors).toHaveLength(4 * embedding.width);
    const at = (position: number): Float32Array =>
      vectors.subarray(position * embedding.width, (position + 1) * embedding.width);
    expect(at(1)).toEqual(at(2));
    expect(at(0)).not.toEqual(at(1));
    expect(at(3).every((value) => value === 0)).toBe(true);
  });

  it('forget the word, but not how it is written', () => {
    const word = [[4], [5], [6, 7]];
    expect(forgetWords([word, word], 1, createRandom(1))).toEqual([
      [[UNKNOWN_ROW], [5], [6, 7]],
      [[UNKNOWN_ROW], [5], [6, 7]],
    ]);
    expect(forgetWords([word], 0, createRandom(1))).toEqual([word]);
  });
});

describe('batches', () => {
  it('hold sentences of like length, padding counted, each once', () => {
    expect(groupByLength([3, 9, 1, 3, 2], 6)).toEqual([[2, 4], [0, 3], [1]]);
    expect(groupByLength([3, 9, 1, 3, 2], 6, [3, 2, 1, 0])).toEqual([[2, 3], [0], [1]]);
  });
});

describe('the error report', () => {
  const word = (form: string, gold: string, predicted: string, isKnown = true): JudgedWord =>
    ({ form, gold, predicted, isKnown }) as JudgedWord;
  const report = reportErrors([
    word('dog', 'NOUN', 'NOUN'),
    word('Run', 'NOUN', 'VERB'),
    word('run', 'NOUN', 'VERB'),
    word('walk', 'NOUN', 'VERB'),
    word('zork', 'NOUN', 'PROPN', false),
    word('eat', 'VERB', 'VERB'),
    word('blick', 'VERB', 'VERB', false),
    word('up', 'ADP', 'ADV'),
  ]);

  it('counts words right, known and unknown', () => {
    expect(report.all).toEqual({ numWords: 8, accuracy: 37.5 });
    expect(report.known).toEqual({ numWords: 6, accuracy: (100 * 2) / 6 });
    expect(report.unknown).toEqual({ numWords: 2, accuracy: 50 });
    expect(reportErrors([]).all).toEqual({ numWords: 0, accuracy: null });
  });

  it('lists mistakes by number, with the words', () => {
    expect(report.confusions).toEqual([
      {
        gold: 'NOUN',
        predicted: 'VERB',
        count: 3,
        words: [
          { form: 'run', count: 2 },
          { form: 'walk', count: 1 },
        ],
      },
      { gold: 'NOUN', predicted: 'PROPN', count: 1, words: [{ form: 'zork', count: 1 }] },
      { gold: 'ADP', predicted: 'ADV', count: 1, words: [{ form: 'up', count: 1 }] },
    ]);
  });

  it('scores each tag', () => {
    expect(report.perTag.map(({ tag }) => tag)).toEqual(['ADP', 'ADV', 'NOUN', 'PROPN', 'VERB']);
    const scores = Object.fromEntries(report.perTag.map(({ tag, ...rest }) => [tag, rest]));
    expect(scores['NOUN']).toEqual({ numGold: 5, numPredicted: 1, precision: 100, recall: 20, f1: 200 / 6 });
    expect(scores['VERB']).toEqual({ numGold: 2, numPredicted: 5, precision: 40, recall: 100, f1: 400 / 7 });
    expect(scores['ADP']).toEqual({ numGold: 1, numPredicted: 0, precision: null, recall: 0, f1: 0 });
  });

  it('is formatted for people', () => {
    const text = formatReport(report);
    expect(text).toContain('37.50');
    expect(text).toMatch(/NOUN\s+│ VERB\s+│\s+3 │ run ×2, walk/);
    expect(text).toMatch(/ADP\s+│\s+1 │\s+– │\s+0\.00 │\s+0\.00/);
  });
});

describe('training', () => {
  const settings = { units: 16, epochs: 30, learningRate: 0.02, batchWords: 64, minCount: 1, wordDropout: 0 };

  it('learns a few sentences by heart, words with two readings among them, and leaks no tensor', async () => {
    const sentences = await readConllu(INVENTED);
    const forms = sentences.map((sentence) => sentence.forms);
    const learn = async (): Promise<void> => {
      const losses: number[] = [];
      const onStep = (_: number, loss: number): number => losses.push(loss);
      const tagger = await trainTagger(sentences, { ...settings, onStep });
      expect(losses.at(-1)).toBeLessThan(losses[0]! / 10);
      expect(await tagger.tag(forms)).toEqual(sentences.map(({ tags }) => tags));
      tagger.dispose();
    };
    await learn();
    const { numTensors } = tf.memory();
    await learn();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('scores a sentence alike, alone or padded in a batch', () => {
    const network = new TaggingNetwork({
      inputWidth: 3,
      units: 2,
      numTags: 4,
      dropout: 0,
      seed: 1,
    });
    const [short, long] = [
      tf.randomNormal([1, 2, 3], 0, 1, 'float32', 1),
      tf.randomNormal([1, 5, 3], 0, 1, 'float32', 2),
    ];
    const alone = network.score(short as tf.Tensor3D, wordMask([[1, 2]], 2)).dataSync();
    // What stands in the padding must not matter.
    const padded = tf.concat([short, tf.fill([1, 3, 3], 9)], 1);
    const batch = tf.concat([long, padded]) as tf.Tensor3D;
    const score = (mask: tf.Tensor2D): Float32Array =>
      tf.slice(network.score(batch, mask), [1, 0, 0], [1, 2, 4]).dataSync<'float32'>();
    const inBatch = score(
      wordMask(
        [
          [1, 2, 3, 4, 5],
          [1, 2],
        ],
        5,
      ),
    );
    const unmasked = score(
      wordMask(
        [
          [1, 2, 3, 4, 5],
          [1, 2, 3, 4, 5],
        ],
        5,
      ),
    );
    inBatch.forEach((logit, i) => expect(logit).toBeCloseTo(alone[i]!, 5));
    expect(Math.max(...unmasked.map((logit, i) => Math.abs(logit - alone[i]!)))).toBeGreaterThan(0.01);
    network.dispose();
  });
});

describe('the program', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'pos-tagging-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  function run(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const argv = ['--import', 'tsx', path.join(ROOT, 'examples', 'pos-tagging.ts'), ...args];
    return new Promise((resolve) => {
      const child = execFile(process.execPath, argv, { cwd: ROOT }, (_, stdout, stderr) =>
        resolve({ exitCode: child.exitCode!, stdout, stderr }),
      );
    });
  }

  it('prints one JSON object, the same for the same seed', async () => {
    const options = [INVENTED, INVENTED, '--epochs', '2', '--units', '4', '--json', '--seed'];
    const [first, again, other] = [
      await run(...options, '3'),
      await run(...options, '3'),
      await run(...options, '4'),
    ];
    expect(first.exitCode).toBe(0);
    expect(first.stderr).toContain('13 sentences, 119 words');
    expect(JSON.parse(first.stdout)).toMatchObject({ epochs: 2, units: 4, seed: 3, all: { numWords: 119 } });
    expect(again.stdout).toBe(first.stdout);
    expect({ ...JSON.parse(other.stdout), seed: 3 }).not.toEqual(JSON.parse(first.stdout));
  });

  it('exits with 1 for an unusable file, and with 2 for wrong usage', async () => {
    const broken = path.join(folder, 'broken.conllu');
    await writeFile(broken, (await readFile(INVENTED, 'utf8')).replace('\tADJ\t', '\tJJ\t'));
    const [bad, missing, usage] = [
      await run(INVENTED, broken),
      await run(path.join(folder, 'no-such.conllu'), INVENTED),
      await run(INVENTED, INVENTED, '--epochs', 'many'),
    ];
    expect(bad).toMatchObject({ exitCode: 1, stdout: '' });
    expect(bad.stderr).toMatch(/^error: ".*broken\.conllu" line 5: .* received "JJ"\.\n$/);
    expect(missing).toMatchObject({ exitCode: 1, stdout: '' });
    expect(missing.stderr).toContain('does not exist');
    expect(usage).toMatchObject({ exitCode: 2, stdout: '' });
    expect(usage.stderr).toContain('--epochs');
  });
});
