import type { CompletedCommand, CompletedFlag, Completion } from './completion-tree.js';

/**
 * Writes a completion script for zsh.
 *
 * @param tree - The program and its commands.
 */
export function zshScript([program, ...commands]: readonly CompletedCommand[]): string {
  const { name, flags } = program!;
  const described = commands.map((command) => `    ${quote(`${command.name}:${command.description}`)}`);
  const cases = commands.map((command) => {
    const specs = [...command.flags.map(flagSpec), argumentSpec(command.argument)];
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
      _arguments ${flags.map(flagSpec).join(' ')}
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

function flagSpec({ long, description, value }: CompletedFlag): string {
  const text = description.replace(/[[\]\\:]/g, '\\$&');
  return quote(`${long}${value ? '=' : ''}[${text}]${value ? `:value:${actionFor(value)}` : ''}`);
}

function argumentSpec(argument: Completion): string {
  return quote(`*:argument:${actionFor(argument)}`);
}

function actionFor(value: Completion): string {
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

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
