import { UNIVERSAL_TAGS, type UniversalTag } from './conllu.js';

/** A tagged word with its true tag. */
export interface JudgedWord {
  form: string;
  /** The part of speech that the treebank gives. */
  gold: UniversalTag;
  predicted: UniversalTag;
  /** Whether the word, in any case, occurs in the training data. */
  isKnown: boolean;
}

/** Number of words and percentage of right tags. Null without words. */
interface Accuracy {
  numWords: number;
  accuracy: number | null;
}

/** Scores of one part of speech, in percent. Null if undefined. */
interface TagScores {
  tag: UniversalTag;
  /** Number of words of this part of speech. */
  numGold: number;
  /** Number of words with this predicted tag. */
  numPredicted: number;
  precision: number | null;
  recall: number | null;
  f1: number | null;
}

/** One kind of mistake. */
interface Confusion {
  gold: UniversalTag;
  predicted: UniversalTag;
  count: number;
  /** The mistaken words in lower case, most frequent first, then in alphabetical order. */
  words: { form: string; count: number }[];
}

/** The accuracy and mistakes of a tagger. */
export interface ErrorReport {
  all: Accuracy;
  known: Accuracy;
  unknown: Accuracy;
  /** Scores of each part of speech that occurs or was predicted. */
  perTag: TagScores[];
  /** Every kind of mistake, most frequent first. */
  confusions: Confusion[];
}

/** Computes the accuracy and mistakes of a tagger. */
export function reportErrors(words: readonly JudgedWord[]): ErrorReport {
  return {
    all: accuracyOf(words),
    known: accuracyOf(words.filter(({ isKnown }) => isKnown)),
    unknown: accuracyOf(words.filter(({ isKnown }) => !isKnown)),
    perTag: UNIVERSAL_TAGS.map((tag) => scoreTag(words, tag)).filter(
      ({ numGold, numPredicted }) => numGold + numPredicted > 0,
    ),
    confusions: confusionsOf(words),
  };
}

function accuracyOf(words: readonly JudgedWord[]): Accuracy {
  const numCorrect = words.filter(({ gold, predicted }) => gold === predicted).length;
  return { numWords: words.length, accuracy: percentage(numCorrect, words.length) };
}

function scoreTag(words: readonly JudgedWord[], tag: UniversalTag): TagScores {
  const count = (is: (word: JudgedWord) => boolean): number => words.filter(is).length;
  const numGold = count(({ gold }) => gold === tag);
  const numPredicted = count(({ predicted }) => predicted === tag);
  const numCorrect = count(({ gold, predicted }) => gold === tag && predicted === tag);
  return {
    tag,
    numGold,
    numPredicted,
    precision: percentage(numCorrect, numPredicted),
    recall: percentage(numCorrect, numGold),
    f1: percentage(2 * numCorrect, numGold + numPredicted),
  };
}

function confusionsOf(words: readonly JudgedWord[]): Confusion[] {
  const formsByKind = new Map<string, Map<string, number>>();
  for (const { form, gold, predicted } of words) {
    if (gold === predicted) continue;
    const kind = `${gold} ${predicted}`;
    const forms = formsByKind.get(kind) ?? new Map<string, number>();
    const key = form.toLowerCase();
    formsByKind.set(kind, forms.set(key, (forms.get(key) ?? 0) + 1));
  }
  return [...formsByKind]
    .map(([kind, forms]) => {
      const [gold, predicted] = kind.split(' ') as [UniversalTag, UniversalTag];
      const examples = [...forms].map(([form, count]) => ({ form, count }));
      examples.sort((one, other) => other.count - one.count || (one.form < other.form ? -1 : 1));
      return { gold, predicted, count: examples.reduce((sum, { count }) => sum + count, 0), words: examples };
    })
    .sort((one, other) => other.count - one.count);
}

function percentage(part: number, whole: number): number | null {
  return whole > 0 ? (100 * part) / whole : null;
}
