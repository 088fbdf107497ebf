import type { CompletedCommand, CompletedFlag, Completion } from './completion-tree.js';

/**
 * Writes a completion script for fish.
 *
 * @param tree - The program and its commands.
 */
export function fishScript([program, ...commands]: readonly CompletedCommand[]): string {
  const { name, flags } = program!;
  const line = (condition: string, rest: string): string => `complete -c ${name} -n ${condition} ${rest}`;
  const lines = flags.map((flag) => line('__fish_use_subcommand', flagPart(flag)));
  for (const command of commands) {
    const isChosen = quote(`__fish_seen_subcommand_from ${command.name}`);
    lines.push(line('__fish_use_subcommand', `-f -a ${command.name} -d ${quote(command.description)}`));
    for (const flag of command.flags) lines.push(line(isChosen, flagPart(flag)));
    const argument = partFor(command.argument);
    if (argument) lines.push(line(isChosen, argument.replace('-x', '-f')));
  }
  return `# fish completion for ${name}\n${lines.join('\n')}\n`;
}

function flagPart({ long, short, description, value }: CompletedFlag): string {
  const names = `-l ${long.slice(2)}${short === undefined ? '' : ` -s ${short.slice(1)}`}`;
  return [names, `-d ${quote(description)}`, value && (partFor(value) || '-r')].filter(Boolean).join(' ');
}

/** Arguments of `complete` for a value. Empty for a file, which fish completes by default. */
function partFor(value: Completion): string {
  switch (value.kind) {
    case 'words':
      return `-x -a ${quote(value.isList ? `(__fish_append , ${value.words.join(' ')})` : value.words.join(' '))}`;
    case 'file':
      return '';
    case 'folder':
      return `-x -a '(__fish_complete_directories)'`;
    case 'nothing':
      return '-x';
  }
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
