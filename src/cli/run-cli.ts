import { Command, CommanderError } from 'commander';
import { FramewiseError, UsageError } from '../errors.js';
import { FRAMEWISE_VERSION } from '../version.js';
import type { CommandOutcome } from './command-outcome.js';
import { convertCommand } from './commands/convert.js';
import { doctorCommand } from './commands/doctor.js';
import { evaluateCommand } from './commands/evaluate.js';
import { labelCommand } from './commands/label.js';
import { setupNativeCommand } from './commands/setup-native.js';
import { escapeUnprintable } from './terminal/terminal-text.js';
import { printNote, type Terminal } from './terminal/terminal.js';
import { trainCommand } from './commands/train.js';

/** What a run of the program comes to. */
const EXIT = { allDone: 0, failed: 1, wrongUsage: 2, interrupted: 130 } as const;
type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * Runs the command line. The one place that decides exit codes.
 *
 * @param argv - Arguments after the program's name.
 */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let outcome: CommandOutcome = { isAllDone: true };
  const program = new Command('framewise')
    .description('Labels every frame of a video with the activity it shows.')
    .version(FRAMEWISE_VERSION, '-v, --version')
    .addHelpText('after', '\nExit codes: 0 all done, 1 something failed, 2 wrong usage, 130 interrupted.');
  const report = (done: CommandOutcome): void => {
    outcome = done;
  };
  const commands = [
    ...[labelCommand, trainCommand, evaluateCommand, convertCommand],
    ...[doctorCommand, setupNativeCommand],
  ];
  for (const create of commands) {
    program.addCommand(create(terminal, report));
  }
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      // It repeats what was typed, which may be a file name that looks like a flag.
      outputError: (text, write) => write(text.split('\n').map(escapeUnprintable).join('\n')),
    });
    command.showHelpAfterError(
      `Run "framewise ${command === program ? '' : `${command.name()} `}--help" for help.`,
    );
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return outcome.isAllDone ? EXIT.allDone : EXIT.failed;
  } catch (error) {
    return exitCodeOf(error, terminal);
  }
}

/** Says what went wrong, unless commander has, and with which exit code to end. */
export function exitCodeOf(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) {
    // Help and version are done; for the rest commander has printed what is wrong. Without a command it prints help.
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
  printNote(terminal, 'This is a fault of framewise. Please report it with what you ran.', 'error:');
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  for (const line of trace.split('\n')) printNote(terminal, line);
  return EXIT.failed;
}
