import type { z } from 'zod';
import { AnnotationError } from '../../errors.js';
import type { LabelFile } from '../annotation-format.js';

/**
 * Parses a JSON file and validates it against a schema.
 *
 * @param kind - What the file should be, for messages.
 * @throws {AnnotationError} If it is not JSON, or does not fit the schema; the message says where.
 */
export function parseJsonFile<Schema extends z.ZodType>(
  { path, text }: LabelFile,
  schema: Schema,
  kind: string,
): z.infer<Schema> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new AnnotationError(
      `Cannot read "${path}" as JSON: ${(cause as Error).message}.`,
      path,
      undefined,
      { cause },
    );
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AnnotationError(
    `"${path}" is not ${kind}: at "${issue?.path.join('.')}", ${issue?.message}.`,
    path,
    undefined,
    { cause: parsed.error },
  );
}

/** Whether a text may be JSON with these keys. It does not parse the text, because it only recognizes files. */
export function mentionsKeys({ text }: LabelFile, ...keys: string[]): boolean {
  return /^\s*[[{]/.test(text) && keys.every((key) => text.includes(`"${key}"`));
}

/** Rounds a time in seconds or a probability to six decimals, as the JSON formats write them. */
export function roundToMillionths(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
