import { Argument, Command } from 'commander';
import { bashScript } from '../completion/bash-script.js';
import { completionTree, type CompletedCommand } from '../completion/completion-tree.js';
import { fishScript } from '../completion/fish-script.js';
import { zshScript } from '../completion/zsh-script.js';
import type { CommandOutcome } from '../command-outcome.js';
import type { Terminal } from '../terminal/terminal.js';

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
