import { execFile } from 'node:child_process';

/** A program that a set-up needs is not there, or ended with an error. */
export class ProgramFailure extends Error {
  constructor(
    readonly program: string,
    /** Whether there is no such program. */
    readonly isMissing: boolean,
    /** What it wrote to both streams. */
    readonly output: string,
    options: ErrorOptions,
  ) {
    super(isMissing ? `there is no "${program}"` : `"${program}" failed: ${lastLines(output)}`, options);
  }
}

/** Room for what pip and compilers write. */
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;

/**
 * Runs a program to its end.
 *
 * @param environment - Variables beside those of this process.
 * @returns What it wrote to stdout.
 * @throws {ProgramFailure} If it is missing or fails.
 * @throws The signal's reason, if that ended it.
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

/** The last lines that say something; a program that fails ends with the reason. */
function lastLines(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.slice(-3).join(' ') || 'it says nothing';
}
