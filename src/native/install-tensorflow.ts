import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { NativeSetupError } from '../errors.js';
import type { NativeBackend } from './native-folder.js';
import { ProgramFailure, runProgram } from './run-program.js';

/** Release that is installed unless another is asked for. */
export const DEFAULT_TENSORFLOW = '2.21.0';

/**
 * Only the wheel's C++ library is used, which is the same in those for every Python. Asking for those of this Python
 * makes the machine's own version irrelevant: TensorFlow 2.12 to 2.21 all have wheels for it.
 */
const WHEELS_FOR_PYTHON = '3.11';

/** Files of a wheel that the addon is compiled with and runs on. */
const NEEDED = [
  'include/tensorflow/c/c_api.h',
  'include/tensorflow/c/eager/c_api.h',
  'include/tensorflow/core/platform/ctstring_internal.h',
  'libtensorflow_cc.so.2',
  'libtensorflow_framework.so.2',
];

/** What pip is asked for. Those for 64-bit ARM have the name of the large package, and no CUDA inside. */
export function tensorflowRequirement(backend: NativeBackend, release: string): string {
  const name =
    backend === 'tensorflow-gpu'
      ? 'tensorflow[and-cuda]'
      : process.arch === 'x64'
        ? 'tensorflow-cpu'
        : 'tensorflow';
  return `${name}==${release}${release.split('.').length === 2 ? '.*' : ''}`;
}

/**
 * Lets pip install TensorFlow into a folder. For CUDA its libraries come along, in wheels of their own; else TensorFlow
 * comes alone, as what else it requires serves its Python.
 *
 * @throws {NativeSetupError} If there is no network, no room, no such release, or if it has no C library.
 */
export async function installTensorflow(
  { backend, requested, python }: { backend: NativeBackend; requested: string; python: string },
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const requirement = tensorflowRequirement(backend, requested);
  // pip unpacks here before it moves: /tmp may be too small.
  const temporary = `${folder}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const argv = [
    ...['-m', 'pip', 'install', '--quiet', '--target', folder, '--no-compile'],
    ...['--only-binary=:all:', '--python-version', WHEELS_FOR_PYTHON],
    ...(backend === 'tensorflow-gpu' ? [] : ['--no-deps']),
    requirement,
  ];
  // A person's settings for their own environments do not concern this folder.
  const environment = {
    TMPDIR: temporary,
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
    PIP_REQUIRE_VIRTUALENV: '0',
    PIP_USER: '0',
  };
  try {
    await runProgram(python, argv, signal, environment);
  } catch (error) {
    throw error instanceof ProgramFailure ? explain(error, requirement) : error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  const missing = NEEDED.filter((file) => !existsSync(path.join(folder, 'tensorflow', file)));
  if (missing.length > 0) {
    throw new NativeSetupError(
      `${requirement} carries no ${missing.join(', no ')}, which tfjs-node is compiled with. ` +
        'Choose another release with --tensorflow; 2.15 to 2.21 have them on Linux.',
      'tensorflow',
    );
  }
}

function explain(failure: ProgramFailure, requirement: string): NativeSetupError {
  const { output } = failure;
  const options = { cause: failure };
  if (/Failed to establish|NewConnectionError|name resolution|ConnectTimeout|ProxyError/i.test(output)) {
    return new NativeSetupError(
      `pip cannot reach its package index for ${requirement}. Connect this machine, or name an index or proxy that it ` +
        'can reach in PIP_INDEX_URL or HTTPS_PROXY; then run the same command again, which goes on where it stopped.',
      'tensorflow',
      options,
    );
  }
  const versions = /from versions: ([^)]*)\)/.exec(output)?.[1];
  if (versions !== undefined) {
    return new NativeSetupError(
      versions === 'none'
        ? `There is no ${requirement} for this machine (${process.platform} ${process.arch}).`
        : `There is no ${requirement}. Choose one of ${versions} with --tensorflow.`,
      'tensorflow',
      options,
    );
  }
  return new NativeSetupError(
    `pip cannot install ${requirement}: ${failure.message}.`,
    'tensorflow',
    options,
  );
}
