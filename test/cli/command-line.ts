import { Readable, Writable } from 'node:stream';
import { runCli } from '../../src/cli/run-cli.js';

/** The result of a run of the command line. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs the command line in this process, without a terminal. */
export async function framewise(...argv: string[]): Promise<CommandResult> {
  return framewiseWith({}, ...argv);
}

/** As {@link framewise}, with piped input or a signal that stands for Ctrl+C. */
export async function framewiseWith(
  { stdin = '', signal = new AbortController().signal }: { stdin?: string; signal?: AbortSignal },
  ...argv: string[]
): Promise<CommandResult> {
  const written = { stdout: '', stderr: '' };
  const collect = (name: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[name] += chunk.toString();
        done();
      },
    });
  const exitCode = await runCli(argv, {
    stdout: collect('stdout'),
    stderr: collect('stderr'),
    stdin: Readable.from([stdin]),
    signal,
  });
  return { exitCode, ...written };
}
