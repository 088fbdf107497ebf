import { readFile } from 'node:fs/promises';
import { AnnotationError } from '../../src/errors.js';

/**
 * The universal parts of speech, in the order of the tagger's outputs.
 *
 * @see https://universaldependencies.org/u/pos/
 */
// prettier-ignore
export const UNIVERSAL_TAGS = [
  'ADJ', 'ADP', 'ADV', 'AUX', 'CCONJ', 'DET', 'INTJ', 'NOUN', 'NUM',
  'PART', 'PRON', 'PROPN', 'PUNCT', 'SCONJ', 'SYM', 'VERB', 'X',
] as const;
export type UniversalTag = (typeof UNIVERSAL_TAGS)[number];

/** The words of a sentence and their parts of speech. */
export interface TaggedSentence {
  forms: string[];
  tags: UniversalTag[];
}

const NUM_COLUMNS = 10;

/**
 * Reads the words of a CoNLL-U file with their universal parts of speech.
 *
 * @throws {AnnotationError} If the file cannot be read or is not CoNLL-U. The message names the line.
 */
export async function readConllu(file: string): Promise<TaggedSentence[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'it does not exist' : code === 'EISDIR' ? 'it is a folder' : message;
    throw new AnnotationError(`"${file}" cannot be read: ${reason}.`, file, undefined, { cause });
  }
  return parseConllu(text, file);
}

/**
 * Parses CoNLL-U: one word per line in ten columns separated by tabs, and an empty line after each sentence. Comments (`#`), ranges
 * of words written as one (`1-2`) and words that were not written (`1.1`) are skipped.
 *
 * @param file - Name of the text in messages.
 * @throws {AnnotationError} If the text is not CoNLL-U or has no sentence. The message names the line.
 * @see https://universaldependencies.org/format.html
 */
export function parseConllu(text: string, file: string): TaggedSentence[] {
  const sentences: TaggedSentence[] = [];
  let sentence: TaggedSentence = { forms: [], tags: [] };
  const endSentence = (): void => {
    if (sentence.forms.length > 0) sentences.push(sentence);
    sentence = { forms: [], tags: [] };
  };
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '') {
      endSentence();
      continue;
    }
    if (line.startsWith('#')) continue;
    try {
      const word = parseWord(line, sentence.forms.length + 1);
      if (!word) continue;
      sentence.forms.push(word.form);
      sentence.tags.push(word.tag);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new AnnotationError(`"${file}" line ${index + 1}: ${error.message}.`, file, index + 1);
    }
  }
  endSentence();
  if (sentences.length === 0) {
    throw new AnnotationError(`"${file}" holds no sentence: expected the words of a CoNLL-U file.`, file);
  }
  return sentences;
}

/**
 * @returns Undefined for a line that is not a word.
 * @throws {SyntaxError} If the line is wrong. The message says how.
 */
function parseWord(line: string, position: number): { form: string; tag: UniversalTag } | undefined {
  const columns = line.split('\t');
  if (columns.length !== NUM_COLUMNS) {
    throw new SyntaxError(`expected ${NUM_COLUMNS} columns divided by tabs, received ${columns.length}`);
  }
  const [id, form, , universalTag] = columns as [string, string, string, string];
  if (/^\d+[-.]\d+$/.test(id)) return undefined;
  if (id !== String(position)) {
    throw new SyntaxError(`expected word ${position} of its sentence, received the ID "${id}"`);
  }
  if (form === '') throw new SyntaxError('the word is empty; FORM is the second column');
  const tag = UNIVERSAL_TAGS.find((each) => each === universalTag);
  if (!tag) {
    throw new SyntaxError(
      `expected a universal part of speech (${UNIVERSAL_TAGS.join(', ')}), received "${universalTag}"`,
    );
  }
  return { form, tag };
}
