import { Command, CommanderError } from 'commander';
import { FramewiseError, UsageError } from '../errors.js';
import { FRAMEWISE_VERSION } from '../version.js';
import { completionCommand } from './commands/completion.js';
import { convertCommand } from './commands/convert.js';
import { crossValidateCommand } from './commands/cross-validate.js';
import { doctorCommand } from './commands/doctor.js';
import { evaluateCommand } from './commands/evaluate.js';
import { labelCommand } from './commands/label.js';
import { setupNativeCommand } from './commands/setup-native.js';
import { trainCommand } from './commands/train.js';
import { escapeUnprintable } from './terminal/terminal-text.js';
import { printNote, type CommandOutcome, type Terminal } from './terminal/terminal.js';

/** Exit codes of the program. */
export const EXIT = { allDone: 0, failed: 1, wrongUsage: 2, interrupted: 130 } as const;
type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** In the order in which the help lists them. */
const COMMANDS = [
  ...[labelCommand, trainCommand, evaluateCommand, crossValidateCommand, convertCommand],
  ...[doctorCommand, setupNativeCommand, completionCommand],
];

/**
 * Runs the command line. This is the one place that decides exit codes.
 *
 * @param argv - Arguments after the program's name.
 */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let outcome: CommandOutcome = { isAllDone: true };
  let isQuiet = false;
  // Inherits instead of copying, because reading `stdin` would open it.
  const shown = Object.create(terminal, { isQuiet: { get: () => isQuiet } }) as Terminal;
  const program = createProgram(shown, (done) => (outcome = done));
  program.hook('preAction', (_program, command) => {
    isQuiet = Boolean(command.opts<{ quiet?: boolean }>().quiet);
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return outcome.isAllDone ? EXIT.allDone : EXIT.failed;
  } catch (error) {
    return exitCodeOf(error, terminal);
  }
}

function createProgram(terminal: Terminal, report: (outcome: CommandOutcome) => void): Command {
  const program = new Command('framewise')
    .description('Labels every frame of a video with the activity it shows.')
    .version(FRAMEWISE_VERSION, '-v, --version')
    .addHelpText('after', '\nExit codes: 0 all done, 1 something failed, 2 wrong usage, 130 interrupted.');
  for (const create of COMMANDS) program.addCommand(create(terminal, report));
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      // commander repeats what was typed, which may be a file name that looks like a flag.
      outputError: (text, write) => write(text.split('\n').map(escapeUnprintable).join('\n')),
    });
    command.showHelpAfterError(
      `Run "framewise ${command === program ? '' : `${command.name()} `}--help" for help.`,
    );
  }
  return program;
}

/** Reports an error, unless commander has reported it already, and returns the exit code. */
export function exitCodeOf(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) {
    // Code 0 is help or the version. Without a command commander prints the help, which is wrong usage.
    return error.exitCode === 0 ? EXIT.allDone : EXIT.wrongUsage;
  }
  if (terminal.signal.aborted) {
    printNote(terminal, 'Interrupted.');
    return EXIT.interrupted;
  }
  if (error instanceof FramewiseError) {
    printNote(terminal, error.message, 'error:');
    return error instanceof UsageError ? EXIT.wrongUsage : EXIT.failed;
  }
  printNote(terminal, 'This is a bug in framewise. Please report it together with the command.', 'error:');
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  for (const line of trace.split('\n')) printNote(terminal, line);
  return EXIT.failed;
}
