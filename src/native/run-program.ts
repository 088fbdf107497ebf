import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A program that a setup needs is missing or failed. */
export class ProgramFailure extends Error {
  constructor(
    readonly program: string,
    /** Whether the program does not exist. */
    readonly isMissing: boolean,
    /** What the program wrote to stdout and stderr. */
    readonly output: string,
    options: ErrorOptions,
  ) {
    super(isMissing ? `there is no "${program}"` : `"${program}" failed: ${lastLines(output)}`, options);
  }
}

/** Limit for the output of pip and compilers. */
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;

/** Where and with what a program runs. */
export interface ProgramOptions {
  /** Variables in addition to those of this process. */
  environment?: Record<string, string>;
  /** Working folder. Default: {@link neutralFolder}. */
  cwd?: string;
}

/**
 * Runs a program and waits for its end. It does not run in the user's working folder, where Python would import modules
 * and npm would read settings from.
 *
 * @param program - Name on `PATH`, or an absolute path.
 * @returns What the program wrote to stdout.
 * @throws {ProgramFailure} If the program is missing or fails.
 * @throws The reason of the signal, if it is aborted.
 */
export function runProgram(
  program: string,
  argv: readonly string[],
  signal: AbortSignal,
  { environment = {}, cwd = neutralFolder() }: ProgramOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...environment };
    const options = { signal, maxBuffer: MAX_OUTPUT_BYTES, env, cwd };
    execFile(program, argv, options, (cause, stdout, stderr) => {
      if (!cause) resolve(stdout);
      else if (signal.aborted) reject(signal.reason as Error);
      else reject(new ProgramFailure(program, cause.code === 'ENOENT', `${stdout}${stderr}`, { cause }));
    });
  });
}

/** The user's home folder, or else the root of the file system. Both are trusted. */
function neutralFolder(): string {
  const home = os.homedir();
  return existsSync(home) ? home : path.parse(home).root;
}

/** The last lines that are not empty, where a program that fails states the reason. */
function lastLines(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.slice(-3).join(' ') || 'it printed nothing';
}
