import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NativeSetupError } from '../errors.js';
import type { NativeBackend } from './native-folder.js';
import { ISOLATED_PIP } from './native-tools.js';
import { WHEEL_SHA256 } from './pinned-downloads.js';
import { ProgramFailure, runProgram } from './run-program.js';

/** Default release. */
export const DEFAULT_TENSORFLOW = '2.21.0';

/**
 * Python version whose wheels are installed. Only the C++ library of a wheel is used, and it is the same for every Python,
 * so the machine's own version does not matter. TensorFlow 2.12 to 2.21 all have wheels for this version.
 */
const WHEELS_FOR_PYTHON = '3.11';

/** Files of a wheel that the addon needs. */
const NEEDED = [
  'include/tensorflow/c/c_api.h',
  'include/tensorflow/c/eager/c_api.h',
  'include/tensorflow/core/platform/ctstring_internal.h',
  'libtensorflow_cc.so.2',
  'libtensorflow_framework.so.2',
];

/** The requirement given to pip. On 64-bit ARM the package without CUDA is called `tensorflow`. */
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
 * Lets pip install TensorFlow into a folder: for CUDA with the wheels of the CUDA libraries, otherwise without
 * dependencies, because only Python code needs those.
 *
 * @throws {NativeSetupError} If there is no network, no disk space, no such release, or no C library in it.
 */
export async function installTensorflow(
  { backend, requested, python }: { backend: NativeBackend; requested: string; python: string },
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const requirement = tensorflowRequirement(backend, requested);
  // pip unpacks here first. /tmp may be too small.
  const temporary = `${folder}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const argv = [
    ...[...ISOLATED_PIP, 'install', '--quiet', '--target', folder, '--no-compile'],
    ...['--only-binary=:all:', '--python-version', WHEELS_FOR_PYTHON],
    ...(backend === 'tensorflow-gpu' ? [] : ['--no-deps']),
    ...(await wanted(requirement, temporary)),
  ];
  // The user's pip settings for other environments must not apply here.
  const environment = {
    TMPDIR: temporary,
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
    PIP_REQUIRE_VIRTUALENV: '0',
    PIP_USER: '0',
  };
  try {
    await runProgram(python, argv, signal, { environment });
  } catch (error) {
    throw error instanceof ProgramFailure ? explain(error, requirement) : error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  const missing = NEEDED.filter((file) => !existsSync(path.join(folder, 'tensorflow', file)));
  if (missing.length > 0) {
    throw new NativeSetupError(
      `${requirement} does not contain ${missing.join(', ')}, which tfjs-node needs. ` +
        'Choose another release with --tensorflow. On Linux 2.15 to 2.21 work.',
      'tensorflow',
    );
  }
}

/** Arguments that name what to install. pip refuses a wheel with another checksum than the pinned ones. */
async function wanted(requirement: string, folder: string): Promise<string[]> {
  const pinned = WHEEL_SHA256[requirement];
  if (!pinned) return [requirement];
  const file = path.join(folder, 'requirements.txt');
  await writeFile(file, `${requirement} ${pinned.map((sha256) => `--hash=sha256:${sha256}`).join(' ')}\n`);
  return ['--require-hashes', '--requirement', file];
}

function explain(failure: ProgramFailure, requirement: string): NativeSetupError {
  const { output } = failure;
  const options = { cause: failure };
  if (/Failed to establish|NewConnectionError|name resolution|ConnectTimeout|ProxyError/i.test(output)) {
    return new NativeSetupError(
      `pip cannot reach its package index for ${requirement}. Connect this machine to the network, or set PIP_INDEX_URL or ` +
        'HTTPS_PROXY. Then run the same command again; it resumes where it stopped.',
      'tensorflow',
      options,
    );
  }
  if (/DO NOT MATCH THE HASHES/.test(output)) {
    return new NativeSetupError(
      `The downloaded ${requirement} is not the file that framewise was tested with: its checksum differs. Use another ` +
        'package index, or choose a release that is not pinned with --tensorflow.',
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
