/** A feature of a word that follows from its letters. */
export interface WordFeature {
  name: string;
  /** Length of the learned vector of each value. */
  width: number;
  /** Values of the feature for a word as written. Their vectors are averaged. May be empty. */
  valuesOf: (form: string) => string[];
}

/** The features of the tagger: the word, its prefixes and suffixes, its trigrams, and its shape. */
export const WORD_FEATURES: readonly WordFeature[] = [
  { name: 'word', width: 64, valuesOf: (form) => [normalize(form)] },
  ...[1, 2, 3, 4].map((length) => ({
    name: `prefix-${length}`,
    width: 4 + 4 * length,
    valuesOf: (form: string) => affix(form, (letters) => letters.slice(0, length), length),
  })),
  ...[1, 2, 3, 4].map((length) => ({
    name: `suffix-${length}`,
    width: 4 + 4 * length,
    valuesOf: (form: string) => affix(form, (letters) => letters.slice(-length), length),
  })),
  { name: 'trigrams', width: 32, valuesOf: trigrams },
  { name: 'shape', width: 12, valuesOf: (form) => [wordShape(form)] },
];

/** Lower case, with zero for every digit, so that `Boeing-747` equals `BOEING-737`. */
export function normalize(form: string): string {
  return form.toLowerCase().replace(/\d/gu, '0');
}

/**
 * How a word is written: capitals `X`, small letters `x`, digits `d`, other signs as they are; runs are cut to two of a
 * kind, so that `Paris` is `Xxx` and `NATO` is `XX`.
 */
export function wordShape(form: string): string {
  return form
    .replace(/\p{Lu}/gu, 'X')
    .replace(/\p{L}/gu, (letter) => (letter === 'X' ? 'X' : 'x'))
    .replace(/\p{N}/gu, 'd')
    .replace(/(.)\1{2,}/gu, '$1$1');
}

/** Every three letters in a row, with `<` before the word and `>` after it. */
export function trigrams(form: string): string[] {
  const letters = ['<', ...normalize(form), '>'];
  return letters.slice(2).map((letter, index) => `${letters[index]}${letters[index + 1]}${letter}`);
}

/** A word shorter than the affix has none. */
function affix(form: string, cut: (letters: string[]) => string[], length: number): string[] {
  const letters = [...normalize(form)];
  return letters.length < length ? [] : [cut(letters).join('')];
}
