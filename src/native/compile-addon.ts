import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { NativeSetupError } from '../errors.js';
import type { NativeFolder } from './native-folder.js';
import { ProgramFailure, runProgram } from './run-program.js';

/** Compiler arguments for the addon. */
function compilerArguments({ root, tensorflow, packages, addon }: NativeFolder, output: string): string[] {
  const libraries = path.join(tensorflow, 'tensorflow');
  const modules = path.join(packages, 'node_modules');
  const binding = path.join(modules, '@tensorflow', 'tfjs-node', 'binding');
  const fromAddon = path.relative(path.dirname(addon), libraries);
  return [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8'],
    ...['-I', path.join(libraries, 'include'), '-I', path.join(modules, 'node-api-headers', 'include')],
    ...[path.join(binding, 'tfjs_backend.cc'), path.join(binding, 'tfjs_binding.cc')],
    ...['-L', libraries, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
    `-Wl,-rpath,$ORIGIN/${fromAddon}`,
    // Reports a function that this TensorFlow lacks when the addon is loaded, not when the function is called.
    '-Wl,-z,now',
    ...['-o', path.resolve(root, output)],
  ];
}

/**
 * Compiles the addon of tfjs-node. Calls the compiler directly, because node-gyp needs make, Python and a download of Node's
 * headers for two C++ files.
 *
 * @param output - File to write.
 * @throws {NativeSetupError} If compilation fails.
 */
export async function compileAddon(
  compiler: string,
  folder: NativeFolder,
  output: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(path.dirname(output), { recursive: true });
  try {
    await runProgram(compiler, compilerArguments(folder, output), signal);
  } catch (cause) {
    if (!(cause instanceof ProgramFailure)) throw cause;
    const errors = cause.output
      .split('\n')
      .filter((line) => /\berror\b|undefined reference|cannot find/.test(line));
    throw new NativeSetupError(
      `The addon does not compile with "${compiler}": ${errors.slice(0, 2).join(' ').trim() || cause.message}. Set ` +
        'CXX to another C++17 compiler, or choose another release with --tensorflow.',
      'addon',
      { cause },
    );
  }
}
