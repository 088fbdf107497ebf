import { execFile } from 'node:child_process';

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

/**
 * Runs a program and waits for its end.
 *
 * @param environment - Variables in addition to those of this process.
 * @returns What the program wrote to stdout.
 * @throws {ProgramFailure} If the program is missing or fails.
 * @throws The reason of the signal, if it is aborted.
 */
export function runProgram(
  program: string,
  argv: readonly string[],
  signal: AbortSignal,
  environment: Record<string, string> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { signal, maxBuffer: MAX_OUTPUT_BYTES, env: { ...process.env, ...environment } };
    execFile(program, argv, options, (cause, stdout, stderr) => {
      if (!cause) resolve(stdout);
      else if (signal.aborted) reject(signal.reason as Error);
      else reject(new ProgramFailure(program, cause.code === 'ENOENT', `${stdout}${stderr}`, { cause }));
    });
  });
}

/** The last lines that are not empty, where a program that fails states the reason. */
function lastLines(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.slice(-3).join(' ') || 'it printed nothing';
}
