import type { Argument, Command, Option } from 'commander';
import { annotationFormats } from '../../annotations/formats/formats.js';
import { BUILTIN_ENCODERS } from '../../encoder/encoder-spec.js';
import { INPUT_KINDS } from '../../labeler/labeler-config.js';

/** What a shell offers for a value. */
export type Completion =
  | { kind: 'words'; words: readonly string[]; /** Several words may be joined by commas. */ isList: boolean }
  | { kind: 'file' | 'folder' | 'nothing' };

/** A flag as a shell completes it. */
export interface CompletedFlag {
  /** `--format`. */
  long: string;
  /** `-v`, if there is a short form. */
  short: string | undefined;
  description: string;
  /** What follows the flag. Undefined if it takes no value. */
  value: Completion | undefined;
}

/** A command as a shell completes it. */
export interface CompletedCommand {
  name: string;
  description: string;
  flags: CompletedFlag[];
  /** What the command takes besides flags. */
  argument: Completion;
}

/** Words that commander does not know, because these options are parsed by a function. */
const WORDS: Readonly<Record<string, Completion>> = {
  '--format': listOf(annotationFormats.map(({ name }) => name)),
  '--to': oneOf(annotationFormats.map(({ name }) => name)),
  '--from': oneOf(annotationFormats.map(({ name }) => name)),
  '--encoder': listOf(BUILTIN_ENCODERS),
  '--inputs': listOf(INPUT_KINDS),
};

const HELP: CompletedFlag = {
  long: '--help',
  short: '-h',
  description: 'display help for command',
  value: undefined,
};

/** Reads from commander what a shell can complete: the program itself first, then its commands. */
export function completionTree(program: Command): CompletedCommand[] {
  return [program, ...program.commands].map((command) => ({
    name: command.name(),
    description: command.description(),
    flags: [...command.options.filter(({ hidden }) => !hidden).map(flagOf), HELP],
    argument: argumentOf(command.registeredArguments[0]),
  }));
}

function flagOf(option: Option): CompletedFlag {
  const { description, required, optional } = option;
  const long = option.long ?? option.flags;
  const value = required || optional ? valueOf(long, option) : undefined;
  return { long, short: option.short, description, value };
}

function valueOf(long: string, { argChoices, flags }: Option): Completion {
  if (argChoices) return oneOf(argChoices);
  return WORDS[long] ?? placeOf(flags);
}

function argumentOf(argument: Argument | undefined): Completion {
  if (!argument) return { kind: 'nothing' };
  return argument.argChoices ? oneOf(argument.argChoices) : { kind: 'file' };
}

/** The placeholder in a flag's help says whether the value is a file or a folder. */
function placeOf(flags: string): Completion {
  const placeholder = /[<[]([\w-]+)/.exec(flags)?.[1];
  if (placeholder === 'dir') return { kind: 'folder' };
  if (placeholder === 'file' || placeholder === 'program') return { kind: 'file' };
  return { kind: 'nothing' };
}

function oneOf(words: readonly string[]): Completion {
  return { kind: 'words', words, isList: false };
}

function listOf(words: readonly string[]): Completion {
  return { kind: 'words', words, isList: true };
}
