import { z } from 'zod';

/** How the command line shows a field of the training options. Its description is the help text. */
export interface FlagSpec {
  /** The flag and its argument, such as `--units <n>`. */
  flag: string;
  /** Heading in the help text. Default: commander's own. */
  group?: string;
  /** The default as the help text shows it. */
  defaultText?: string;
  /** Value of a flag whose optional argument is absent. */
  preset?: string;
  /** Converts the argument's text where the field's type does not say how. Returns what the schema then checks. */
  read?: (text: string) => unknown;
}

/** Headings of the help text. */
export const GROUPS = {
  split: 'Validation split:',
  network: 'Network:',
  optimizer: 'Optimizer:',
  loss: 'Loss and augmentation:',
} as const;

/** The flags of all fields, by schema. */
export const flags = z.registry<FlagSpec>();

/** A whole number from a minimum on. */
export function wholeNumber(minimum: number) {
  const error = `expected a whole number, ${minimum} or more`;
  return z.int(error).min(minimum, error);
}

/** A finite number above zero, or from zero on. */
export function amount({ orZero = false } = {}) {
  const error = `expected a number ${orZero ? 'from' : 'above'} 0`;
  return orZero ? z.number(error).min(0, error) : z.number(error).gt(0, error);
}

/** A number from 0 to below 1. */
export function share() {
  const error = 'expected a share from 0 to below 1';
  return z.number(error).min(0, error).lt(1, error);
}

/** A regular expression, or its source as a configuration file writes it. */
export function regularExpression() {
  return z
    .custom<RegExp | string>((value) => value instanceof RegExp || typeof value === 'string', {
      error: 'expected a regular expression',
      abort: true,
    })
    .transform((value, context) => {
      try {
        return new RegExp(value);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    });
}

/** The limits of a video's size and duration, see `VideoLimits`. */
export function videoLimits() {
  return z.strictObject({
    maxPixels: wholeNumber(1).optional(),
    maxFrames: wholeNumber(1).optional(),
    maxDurationSec: amount().optional(),
  });
}

/** Reads `none`, `balanced`, or weights of labels as in `fall=4,walk=0.5`; other text comes back as it is. */
export function readLabelWeights(text: string): unknown {
  const entries = text.split(',').map((entry) => /^(.+)=([^=]+)$/.exec(entry.trim()));
  if (entries.some((match) => !match || match[2]!.trim() === '')) return text;
  return Object.fromEntries(entries.map((match) => [match![1]!.trim(), Number(match![2])]));
}

const TYPES: Record<string, string> = {
  int: 'a whole number',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** Words what a schema expects, in the same way for flags, files and programs. */
export const plainMessages: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type') return `expected ${TYPES[issue.expected] ?? `a ${issue.expected}`}`;
  if (issue.code === 'too_small') {
    if (issue.origin === 'string') return 'expected some text';
    if (issue.origin === 'array') return `expected at least ${issue.minimum} of them`;
    return `expected a number ${issue.inclusive ? `of ${issue.minimum} or more` : `above ${issue.minimum}`}`;
  }
  if (issue.code === 'too_big') {
    return `expected a number ${issue.inclusive ? `up to ${issue.maximum}` : `below ${issue.maximum}`}`;
  }
  if (issue.code === 'invalid_value') {
    return `expected ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
  }
  return undefined;
};
