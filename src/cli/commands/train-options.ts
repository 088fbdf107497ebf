import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { z, ZodError } from 'zod';
import { BUILTIN_ENCODERS, encoderSpecSchema, type EncoderSpec } from '../../encoder/encoder-spec.js';
import { UsageError } from '../../errors.js';
import { firstIssue } from '../../labeler/labeler-config.js';
import { flags, plainMessages, type FlagSpec } from '../../training/options/option-fields.js';
import { mergeOptions, readConfiguration } from '../../training/options/resolve-options.js';
import { SECTIONS, type TrainingOptions } from '../../training/options/training-options.js';
import { cacheDirOf, cacheOptions, limitOptions, limitsOf, machineOptions } from '../options.js';
import type { LimitOptions, MachineOptions } from '../options.js';

/** A field of the training options that has a flag. */
interface FlagField {
  section: keyof typeof SECTIONS;
  name: string;
  schema: z.ZodType;
  spec: FlagSpec;
  option: Option;
}

/** Flags that other commands share. The parsers of those flags check their values. */
interface SharedFlags extends MachineOptions, LimitOptions {
  cache?: string | boolean;
}

/**
 * Adds the flags of `framewise train`. Flags, help texts and defaults come from the schema of the training options, and
 * a flag accepts what the schema accepts.
 */
export function addTrainOptions(command: Command): void {
  command.option('--config <file>', 'JSON file with options; flags override it');
  const fields = flagFields();
  const isMain = ({ section, spec }: FlagField) => section === 'run' && spec.group === undefined;
  for (const { option } of fields.filter(isMain)) command.addOption(option);
  for (const { option } of fields.filter((field) => !isMain(field))) command.addOption(option);
  command.optionsGroup('Machine:');
  for (const option of [...limitOptions(), ...cacheOptions(), ...machineOptions()]) command.addOption(option);
}

/**
 * Joins the options of a command: the flags that were given, then the configuration file. Defaults are filled in later.
 *
 * @throws {UsageError} If the configuration file cannot be read or has a wrong field.
 */
export async function trainingOptionsOf(command: Command): Promise<TrainingOptions> {
  const given: Record<FlagField['section'], Record<string, unknown>> = {
    ...{ data: {}, network: {}, optimizer: {}, augmentation: {}, run: {} },
  };
  for (const { section, name, option } of flagFields()) {
    const key = option.attributeName();
    if (command.getOptionValueSource(key) === 'cli') given[section][name] = command.getOptionValue(key);
  }
  const { config, ...shared } = command.opts<SharedFlags & { config?: string }>();
  given.data['limits'] = withoutUndefined(limitsOf(shared));
  const cacheDir = cacheDirOf(shared.cache);
  Object.assign(given.run, withoutUndefined({ cacheDir, backend: shared.backend, workers: shared.workers }));
  const file = config === undefined ? {} : await readConfiguration(config);
  return mergeOptions(file, given);
}

/** @throws {UsageError} If neither a flag nor the configuration file names an output folder. */
export function outputDirOf({ run }: TrainingOptions): string {
  if (run?.outputDir !== undefined) return run.outputDir;
  throw new UsageError(
    'There is no output folder. Pass --output, or set run.outputDir in the configuration file.',
  );
}

function flagFields(): FlagField[] {
  return Object.entries(SECTIONS).flatMap(([section, { shape }]) =>
    Object.entries<z.ZodType>(shape).flatMap(([name, schema]) => {
      const spec = flags.get(schema);
      if (!spec) return [];
      return { section: section as FlagField['section'], name, schema, spec, option: optionOf(schema, spec) };
    }),
  );
}

function optionOf(schema: z.ZodType, spec: FlagSpec): Option {
  const option = new Option(spec.flag, schema.description);
  const value = innermost(schema);
  if (value instanceof z.ZodEnum) option.choices(value.options.map(String));
  else if (!option.isBoolean()) option.argParser((text) => parse(text, schema, value, spec));
  if (spec.group !== undefined) option.helpGroup(spec.group);
  if (spec.preset !== undefined) option.preset(spec.preset);
  // A flag that is off by default shows no default.
  if (schema instanceof z.ZodDefault && !option.isBoolean()) {
    option.default(schema.def.defaultValue, spec.defaultText);
  }
  return option;
}

/** A field's schema without its default, and without being optional or read-only. */
function innermost(schema: z.ZodType): z.ZodType {
  const isWrapped =
    schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodReadonly;
  return isWrapped ? innermost(schema.unwrap() as z.ZodType) : schema;
}

/** Converts the text of a flag to the field's type and checks it. */
function parse(text: string, schema: z.ZodType, value: z.ZodType, spec: FlagSpec): unknown {
  const parsed = schema.safeParse(convert(text, value, spec), { error: plainMessages });
  if (parsed.success) return parsed.data;
  const { message } = parsed.error.issues[0]!;
  throw new InvalidArgumentError(`${message[0]!.toUpperCase()}${message.slice(1)}.`);
}

function convert(text: string, value: z.ZodType, { flag, read }: FlagSpec): unknown {
  if (flag.startsWith('--encoder ')) return readEncoder(text);
  if (read) return read(text);
  if (value instanceof z.ZodNumber) return text.trim() === '' ? NaN : Number(text);
  if (value instanceof z.ZodArray) return parseList(text);
  return text;
}

function readEncoder(text: string): EncoderSpec {
  const encoders = parseList(text).map(readSingleEncoder);
  if (encoders.length === 1) return encoders[0]!;
  const joined = encoderSpecSchema.safeParse({ kind: 'joined', encoders });
  if (joined.success) return joined.data;
  throw new InvalidArgumentError(`These encoders cannot be joined: ${firstIssue(joined.error)}`);
}

function readSingleEncoder(text: string): EncoderSpec {
  const name = BUILTIN_ENCODERS.find((known) => known === text);
  if (name) return { kind: 'builtin', name };
  try {
    return encoderSpecSchema.parse(JSON.parse(readFileSync(text, 'utf8')));
  } catch (error) {
    const reason = error instanceof ZodError ? firstIssue(error) : (error as Error).message;
    throw new InvalidArgumentError(
      `"${text}": expected ${BUILTIN_ENCODERS.join(', ')}, or a JSON file: ${reason}`,
    );
  }
}

function parseList(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

function withoutUndefined(values: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
