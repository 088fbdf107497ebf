#!/usr/bin/env node
import { printNote, type Terminal } from './terminal/terminal.js';
import { runCli } from './run-cli.js';

const controller = new AbortController();
const terminal: Terminal = {
  stdout: process.stdout,
  stderr: process.stderr,
  get stdin() {
    return process.stdin;
  },
  signal: controller.signal,
};

// The first Ctrl+C ends the work cleanly; a second one ends the process.
process.once('SIGINT', () => controller.abort());
process.once('SIGTERM', () => controller.abort());

// A reader that leaves, as `head` does when it has enough, is no failure: the work goes on, its files are wanted.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// Node's own form of a warning names the process and advises a flag; a person needs the sentence.
process.removeAllListeners('warning');
process.on('warning', ({ message }) => printNote(terminal, message, 'note:'));

process.exitCode = await runCli(process.argv.slice(2), terminal);
