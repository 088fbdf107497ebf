import { Argument, Command } from 'commander';
import type { CommandOutcome, Terminal } from '../terminal/terminal.js';
import {
  completionTree,
  type CompletedCommand,
  type CompletedFlag,
  type Completion,
} from './completion-tree.js';

/** The shells with a completion script, and the function that writes it for a program and its commands. */
const SCRIPTS: Readonly<Record<string, (tree: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

const HOW_TO_INSTALL = `
Load the script in the file that your shell reads at its start:

  bash  echo 'source <(framewise completion bash)' >> ~/.bashrc
  zsh   echo 'source <(framewise completion zsh)' >> ~/.zshrc    (after compinit)
  fish  framewise completion fish > ~/.config/fish/completions/framewise.fish

Then open a new shell. Run the command for fish again after an update of framewise.`;

/** `framewise completion`. */
export function completionCommand(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  const command = new Command('completion')
    .description('Print a script that lets your shell complete commands, flags and their values.')
    .addArgument(new Argument('<shell>', 'shell to write the script for').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', HOW_TO_INSTALL);
  return command.action((shell: string) => {
    const tree = completionTree(command.parent ?? command);
    terminal.stdout.write(SCRIPTS[shell]!(tree));
    report({ isAllDone: true });
  });
}

/** Writes a completion script for bash 3.2 and newer. */
function bashScript([program, ...commands]: readonly CompletedCommand[]): string {
  const name = program!.name;
  const values = commands.flatMap((command) =>
    command.flags.flatMap(({ long, short, value }) => {
      if (!value) return [];
      const names = [long, short].filter((each) => each !== undefined);
      const patterns = names.map((each) => `'${command.name} ${each}'`).join('|');
      return [`    ${patterns}) ${bashAction(value)}; return ;;`];
    }),
  );
  const flags = commands.map((command) => `    '${command.name}') words='${bashFlags(command)}' ;;`);
  const names = commands.map((command) => command.name).join(' ');
  const args = commands.map((command) => `    '${command.name}') ${bashAction(command.argument)} ;;`);
  return `# bash completion for ${name}
_${name}_words() { COMPREPLY=($(compgen -W "$1" -- "$current")); }

# Words that may be joined by commas: the last one is completed.
_${name}_list() {
  local before=""
  [[ $current == *,* ]] && before="\${current%,*},"
  COMPREPLY=($(compgen -P "$before" -W "$1" -- "\${current##*,}"))
  compopt -o nospace 2> /dev/null
}

_${name}_places() {
  local place
  while IFS= read -r place; do COMPREPLY+=("$place"); done < <(compgen "$1" -- "$current")
  compopt -o filenames 2> /dev/null
}

_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" words=""
  COMPREPLY=()
  # bash splits "--flag=value" into three words.
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $previous == "=" ]]; then
    previous="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  if (( COMP_CWORD > 1 )); then command="\${COMP_WORDS[1]}"; fi
  case "$command $previous" in
${values.join('\n')}
  esac
  if [[ $current == -* ]]; then
    case "$command" in
${flags.join('\n')}
    *) words='${bashFlags(program!)}' ;;
    esac
    _${name}_words "$words"
    return
  fi
  case "$command" in
    '') _${name}_words '${names}' ;;
${args.join('\n')}
  esac
}

complete -F _${name} ${name}
`;

  function bashAction(value: Completion): string {
    if (value.kind === 'words')
      return `_${name}_${value.isList ? 'list' : 'words'} '${value.words.join(' ')}'`;
    if (value.kind === 'nothing') return ':';
    return `_${name}_places ${value.kind === 'folder' ? '-d' : '-f'}`;
  }
}

function bashFlags({ flags }: CompletedCommand): string {
  return flags.map(({ long }) => long).join(' ');
}

/** Writes a completion script for zsh. */
function zshScript([program, ...commands]: readonly CompletedCommand[]): string {
  const { name, flags } = program!;
  const described = commands.map((command) => `    ${zshQuote(`${command.name}:${command.description}`)}`);
  const cases = commands.map((command) => {
    const specs = [...command.flags.map(zshFlag), zshArgument(command.argument)];
    return `    ${command.name})\n      _arguments -s \\\n        ${specs.join(' \\\n        ')}\n      ;;`;
  });
  return `#compdef ${name}

_${name}() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    if [[ $PREFIX == -* ]]; then
      _arguments ${flags.map(zshFlag).join(' ')}
    else
      _describe command commands
    fi
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}

if [[ $funcstack[1] == _${name} ]]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

function zshFlag({ long, description, value }: CompletedFlag): string {
  const text = description.replace(/[[\]\\:]/g, '\\$&');
  return zshQuote(`${long}${value ? '=' : ''}[${text}]${value ? `:value:${zshAction(value)}` : ''}`);
}

function zshArgument(argument: Completion): string {
  return zshQuote(`*:argument:${zshAction(argument)}`);
}

function zshAction(value: Completion): string {
  switch (value.kind) {
    case 'words':
      return value.isList ? `_values -s , value ${value.words.join(' ')}` : `(${value.words.join(' ')})`;
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    case 'nothing':
      return ' ';
  }
}

function zshQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Writes a completion script for fish. */
function fishScript([program, ...commands]: readonly CompletedCommand[]): string {
  const { name, flags } = program!;
  const line = (condition: string, rest: string): string => `complete -c ${name} -n ${condition} ${rest}`;
  const lines = flags.map((flag) => line('__fish_use_subcommand', fishFlag(flag)));
  for (const command of commands) {
    const isChosen = fishQuote(`__fish_seen_subcommand_from ${command.name}`);
    lines.push(line('__fish_use_subcommand', `-f -a ${command.name} -d ${fishQuote(command.description)}`));
    for (const flag of command.flags) lines.push(line(isChosen, fishFlag(flag)));
    const argument = fishValue(command.argument);
    if (argument) lines.push(line(isChosen, argument.replace('-x', '-f')));
  }
  return `# fish completion for ${name}\n${lines.join('\n')}\n`;
}

function fishFlag({ long, short, description, value }: CompletedFlag): string {
  const names = `-l ${long.slice(2)}${short === undefined ? '' : ` -s ${short.slice(1)}`}`;
  return [names, `-d ${fishQuote(description)}`, value && (fishValue(value) || '-r')]
    .filter(Boolean)
    .join(' ');
}

/** Arguments of `complete` for a value. Empty for a file, which fish completes by default. */
function fishValue(value: Completion): string {
  switch (value.kind) {
    case 'words':
      return `-x -a ${fishQuote(value.isList ? `(__fish_append , ${value.words.join(' ')})` : value.words.join(' '))}`;
    case 'file':
      return '';
    case 'folder':
      return `-x -a '(__fish_complete_directories)'`;
    case 'nothing':
      return '-x';
  }
}

function fishQuote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
