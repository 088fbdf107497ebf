import { readFile } from 'node:fs/promises';
import { AnnotationError } from '../errors.js';
import type { LabelFile } from './annotation-reader.js';

/**
 * Reads a label file as text, without a byte-order mark.
 *
 * @throws {AnnotationError} If it cannot be read, or is not text in UTF-8.
 */
export async function openLabelFile(file: string): Promise<LabelFile> {
  try {
    return { path: file, text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)) };
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'it is not text in UTF-8' : (cause as Error).message;
    throw new AnnotationError(`Cannot read the label file "${file}": ${reason}.`, file, undefined, { cause });
  }
}
