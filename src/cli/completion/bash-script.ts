import type { CompletedCommand, Completion } from './completion-tree.js';

/**
 * Writes a completion script for bash 3.2 and newer.
 *
 * @param tree - The program and its commands.
 */
export function bashScript([program, ...commands]: readonly CompletedCommand[]): string {
  const name = program!.name;
  const values = commands.flatMap((command) =>
    command.flags.flatMap(({ long, short, value }) => {
      if (!value) return [];
      const names = [long, short].filter((each) => each !== undefined);
      const patterns = names.map((each) => `'${command.name} ${each}'`).join('|');
      return [`    ${patterns}) ${actionFor(value)}; return ;;`];
    }),
  );
  const flags = commands.map((command) => `    '${command.name}') words='${flagWords(command)}' ;;`);
  const names = commands.map((command) => command.name).join(' ');
  const args = commands.map((command) => `    '${command.name}') ${actionFor(command.argument)} ;;`);
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
  # bash takes "--flag=value" for three words.
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
    *) words='${flagWords(program!)}' ;;
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

  function actionFor(value: Completion): string {
    if (value.kind === 'words')
      return `_${name}_${value.isList ? 'list' : 'words'} '${value.words.join(' ')}'`;
    if (value.kind === 'nothing') return ':';
    return `_${name}_places ${value.kind === 'folder' ? '-d' : '-f'}`;
  }
}

function flagWords({ flags }: CompletedCommand): string {
  return flags.map(({ long }) => long).join(' ');
}
