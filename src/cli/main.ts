#!/usr/bin/env node
import { EXIT, runCli } from './run-cli.js';
import { printNote, type Terminal } from './terminal/terminal.js';

const controller = new AbortController();
const terminal: Terminal = {
  stdout: process.stdout,
  stderr: process.stderr,
  get stdin() {
    return process.stdin;
  },
  signal: controller.signal,
};

// The first Ctrl+C ends the work cleanly, the second one ends the process.
// SIGHUP says that the terminal was closed.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => controller.abort());

// The work continues when its output cannot be written, because its files are wanted. It is no failure if a reader such as
// `head` closes the pipe early. Errors of stderr cannot be reported anywhere.
let stdoutError: NodeJS.ErrnoException | undefined;
process.stderr.on('error', () => undefined);
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') return;
  stdoutError ??= error;
});

// Node's own format for warnings adds the process id and a hint about a Node flag. Users need only the sentence.
process.removeAllListeners('warning');
process.on('warning', ({ message }) => printNote(terminal, message, 'note:'));

process.exitCode = await runCli(process.argv.slice(2), terminal);

// An error of the last write arrives after the command has ended.
process.once('beforeExit', () => {
  if (!stdoutError) return;
  printNote(terminal, `Cannot write to standard output: ${stdoutError.message}.`, 'error:');
  process.exitCode ||= EXIT.failed;
});
