import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NativeSetupError } from '../errors.js';
import { ARCHIVE_INTEGRITY } from './pinned-downloads.js';
import { ProgramFailure, runProgram } from './run-program.js';

/** Packages that the addon needs besides tfjs-node: a decoder for protocol buffers, and the headers of Node. */
const COMPANIONS = { 'google-protobuf': '3.21.4', 'node-api-headers': '1.9.0' };

/** Packages that are replaced by framewise's own tfjs-core; see load-addon.ts. */
const PLACEHOLDERS = ['@tensorflow/tfjs', '@tensorflow/tfjs-core'];

/** The packages that npm downloads. */
export function sourcePackages(tfjs: string): string[] {
  const companions = Object.entries(COMPANIONS).map(([name, version]) => `${name}@${version}`);
  return [`@tensorflow/tfjs-node@${tfjs}`, ...companions];
}

/**
 * Downloads the sources of tfjs-node and two small packages from npm into a folder, without running their scripts, and
 * patches the sources.
 *
 * @throws {NativeSetupError} If there is no network, or no such version.
 */
export async function takeSources(tfjs: string, folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{ "private": true }\n');
  for (const specifier of sourcePackages(tfjs)) await unpack(specifier, folder, signal);
  for (const name of PLACEHOLDERS) {
    const placeholder = path.join(folder, 'node_modules', name);
    await mkdir(placeholder, { recursive: true });
    await writeFile(path.join(placeholder, 'index.js'), '');
  }
  await separateThreads(
    path.join(folder, 'node_modules', '@tensorflow', 'tfjs-node', 'binding', 'tfjs_backend.cc'),
  );
}

async function unpack(specifier: string, folder: string, signal: AbortSignal): Promise<void> {
  const name = specifier.slice(0, specifier.lastIndexOf('@'));
  const target = path.join(folder, 'node_modules', name);
  const download = path.join(folder, 'download');
  await mkdir(target, { recursive: true });
  await mkdir(download, { recursive: true });
  const argv = ['pack', specifier, '--ignore-scripts', '--loglevel=error', '--pack-destination', download];
  try {
    await runProgram('npm', argv, signal, { cwd: folder }); // Its package.json keeps npm from settings of other projects.
    const [name] = await readdir(download);
    const archive = path.join(download, name!);
    await expectPinned(archive, specifier);
    const unpacking = ['-xzf', archive, '-C', target, '--strip-components=1'];
    await runProgram('tar', unpacking, signal);
  } catch (error) {
    throw error instanceof ProgramFailure ? explain(error, specifier) : error;
  }
  await rm(download, { recursive: true });
}

/** @throws {NativeSetupError} If an archive is pinned and has another checksum. */
async function expectPinned(archive: string, specifier: string): Promise<void> {
  const expected = ARCHIVE_INTEGRITY[specifier];
  const received = `sha512-${createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')}`;
  if (expected === undefined || received === expected) return;
  throw new NativeSetupError(
    `The downloaded ${specifier} is not the file that framewise was tested with: its checksum is ${received}, expected ` +
      `${expected}. Use another npm registry.`,
    'sources',
  );
}

function explain(failure: ProgramFailure, specifier: string): NativeSetupError {
  const isOffline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ENETUNREACH/.test(failure.output);
  const message = isOffline
    ? `npm cannot reach its registry for ${specifier}. Connect this machine to the network, or set a registry or proxy ` +
      'with "npm config set". Then run the same command again; it resumes where it stopped.'
    : `npm cannot download ${specifier}: ${failure.message}.`;
  return new NativeSetupError(message, 'sources', { cause: failure });
}

/**
 * Gives each thread its own set of attribute names. tfjs-node 4.22 shares one set between threads without a lock, so two
 * threads that compute at the same time, such as a worker and the main thread, can corrupt it. The sets are never freed,
 * because TensorFlow keeps pointers into them.
 */
async function separateThreads(file: string): Promise<void> {
  const shared = 'static std::set<std::string> ATTR_NAME_SET;';
  const apart = 'static thread_local std::set<std::string> &ATTR_NAME_SET = *new std::set<std::string>();';
  const source = await readFile(file, 'utf8');
  if (!source.includes(shared)) {
    throw new NativeSetupError(
      `"${file}" is not the expected source: it has no "${shared}". Remove the setup with --undo and start again.`,
      'sources',
    );
  }
  await writeFile(file, source.replace(shared, apart));
}
