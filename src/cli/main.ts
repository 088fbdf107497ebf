#!/usr/bin/env node
import { runCli } from './run-cli.js';
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
process.once('SIGINT', () => controller.abort());
process.once('SIGTERM', () => controller.abort());

// It is no failure if a reader such as `head` closes the pipe early. The work continues, because its files are wanted.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// Node's own format for warnings adds the process id and a hint about a Node flag. Users need only the sentence.
process.removeAllListeners('warning');
process.on('warning', ({ message }) => printNote(terminal, message, 'note:'));

process.exitCode = await runCli(process.argv.slice(2), terminal);
