import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { UsageError } from '../../errors.js';
import { plainMessages } from './option-fields.js';
import {
  configurationSchema,
  trainingOptionsSchema,
  type TrainingConfiguration,
  type TrainingOptions,
} from './training-options.js';

/** Longest value that a message repeats, in characters. */
const MAX_SHOWN = 60;

/**
 * Checks options and fills in the defaults.
 *
 * @throws {UsageError} If a field is unknown or its value is out of range. The message names the field's path.
 */
export function resolveOptions(options: TrainingOptions): TrainingConfiguration {
  const { data, network, optimizer, augmentation, run } = options;
  const sections = { data, network, optimizer, augmentation, run };
  const parsed = trainingOptionsSchema.safeParse(sections, { error: plainMessages });
  if (parsed.success) return parsed.data;
  throw new UsageError(`Cannot train: ${describeIssue(parsed.error, sections)}`);
}

/**
 * Reads options from a JSON file. Rules that join two fields are checked later, by {@link resolveOptions}, because flags
 * may still change one of them.
 *
 * @throws {UsageError} If the file cannot be read, is not JSON, or has an unknown field or a value out of range.
 */
export async function readConfiguration(file: string): Promise<TrainingOptions> {
  const fail = (problem: string, cause?: unknown) =>
    new UsageError(`The configuration file "${file}" ${problem}`, { cause });
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw fail(`cannot be read: ${error.message}.`, error);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw fail(`is not JSON: ${(error as Error).message}`, error);
  }
  const parsed = configurationSchema.safeParse(json, { error: plainMessages });
  if (!parsed.success) throw fail(`is wrong: ${describeIssue(parsed.error, json)}`, parsed.error);
  return json as TrainingOptions;
}

/** Joins options section by section. Where both give a field, the one of `stronger` counts. */
export function mergeOptions(weaker: TrainingOptions, stronger: TrainingOptions): TrainingOptions {
  const limits = { ...weaker.data?.limits, ...stronger.data?.limits };
  return {
    data: { ...weaker.data, ...stronger.data, limits },
    network: { ...weaker.network, ...stronger.network },
    optimizer: { ...weaker.optimizer, ...stronger.optimizer },
    augmentation: { ...weaker.augmentation, ...stronger.augmentation },
    run: { ...weaker.run, ...stronger.run },
  };
}

/** Writes a configuration as the JSON that {@link readConfiguration} reads. */
export function formatConfiguration(configuration: TrainingConfiguration): string {
  const toJson = (_: string, value: unknown) => (value instanceof RegExp ? value.source : value);
  return JSON.stringify(configuration, toJson, 2);
}

/** Words the first problem that a schema found: where it is, what is there, and what is expected. */
function describeIssue({ issues: [issue] }: z.ZodError, options: unknown): string {
  const { path, message } = issue!;
  const place = path.join('.');
  if (issue!.code === 'unrecognized_keys') {
    const unknown = issue.keys.map((key) => JSON.stringify(key)).join(', ');
    return `${place || 'the top level'} has no field ${unknown}. Correct or remove it.`;
  }
  const value = path.reduce<unknown>(
    (parent, key) => (parent as Record<PropertyKey, unknown> | undefined)?.[key],
    options,
  );
  return `${place || 'it'} is ${show(value)}; ${message}.`;
}

function show(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value instanceof RegExp || typeof value === 'number') return String(value);
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text;
}
