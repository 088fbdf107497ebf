import path from 'node:path';
import { NativeSetupError } from '../errors.js';
import { ProgramFailure, runProgram } from './run-program.js';

/** Programs of this machine that a setup uses. */
export interface NativeTools {
  /** A C++17 compiler, as found on `PATH`. */
  compiler: string;
  /** First line that it prints for `--version`. */
  compilerVersion: string;
  /** A Python with pip, as found on `PATH` or as requested. */
  python: string;
  /** What pip prints for `--version`. */
  pipVersion: string;
}

/** Arguments that run Python's pip. Isolated, so that neither the working folder nor `PYTHONPATH` can replace it. */
export const ISOLATED_PIP = ['-I', '-m', 'pip'] as const;

/** Older versions of pip do not know the platform tags of TensorFlow's wheels. */
const OLDEST_PIP = [20, 3] as const;

/**
 * Finds a compiler, Python with pip, npm and tar. Changes nothing.
 *
 * @param python - The Python to use. Default: the first of `python3` and `python` that runs.
 * @throws {NativeSetupError} If a program is missing or too old. The message says what to install.
 */
export async function findNativeTools(python: string | undefined, signal: AbortSignal): Promise<NativeTools> {
  const candidates = [process.env['CXX'], 'c++', 'g++', 'clang++'].filter((name) => name !== undefined);
  const compiler = await findProgram(candidates, ['--version'], signal);
  if (!compiler) {
    throw new NativeSetupError(
      `There is no C++ compiler (tried ${candidates.join(', ')}). Install one, on Debian and Ubuntu with ` +
        '"apt install g++", on Fedora with "dnf install gcc-c++", or set CXX.',
      'tools',
    );
  }
  const pip = await findPip(python, signal);
  for (const program of ['npm', 'tar']) {
    if (await findProgram([program], ['--version'], signal)) continue;
    throw new NativeSetupError(`There is no "${program}" on PATH. Install it, and try again.`, 'tools');
  }
  return {
    compiler: compiler.program,
    compilerVersion: compiler.output.split('\n', 1)[0]!,
    python: pip.program,
    pipVersion: pip.output.trim(),
  };
}

async function findPip(asked: string | undefined, signal: AbortSignal): Promise<Found> {
  const candidates = asked === undefined ? ['python3', 'python'] : [asked];
  const python = await findProgram(candidates, ['--version'], signal);
  if (!python) {
    throw new NativeSetupError(
      `There is no Python (tried ${candidates.join(', ')}). pip downloads TensorFlow's library; nothing runs in Python ` +
        'afterwards. Install it, on Debian and Ubuntu with "apt install python3-pip", or name one with --python.',
      'tools',
    );
  }
  const { program } = python;
  const pip = await findProgram([program], [...ISOLATED_PIP, '--version'], signal);
  if (!pip) {
    throw new NativeSetupError(
      `"${program}" has no pip outside the user's own packages. Install it, on Debian and Ubuntu with "apt install python3-pip", elsewhere with ` +
        `"${program} -m ensurepip", or name another Python with --python.`,
      'tools',
    );
  }
  const [major = 0, minor = 0] = (/^pip (\d+)\.(\d+)/.exec(pip.output) ?? []).slice(1).map(Number);
  if (major < OLDEST_PIP[0] || (major === OLDEST_PIP[0] && minor < OLDEST_PIP[1])) {
    throw new NativeSetupError(
      `"${program}" has ${pip.output.trim()}; TensorFlow needs pip ${OLDEST_PIP.join('.')} or newer. ` +
        `Run "${program} -m pip install --upgrade pip", or name another Python with --python.`,
      'tools',
    );
  }
  return pip;
}

interface Found {
  program: string;
  output: string;
}

/** Finds the first program that runs. */
async function findProgram(
  programs: readonly string[],
  argv: readonly string[],
  signal: AbortSignal,
): Promise<Found | undefined> {
  for (const name of programs) {
    // Programs run in another folder, which a relative path must not start from.
    const program = path.basename(name) === name ? name : path.resolve(name);
    try {
      return { program, output: await runProgram(program, argv, signal) };
    } catch (error) {
      if (!(error instanceof ProgramFailure)) throw error;
    }
  }
  return undefined;
}
