import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { BackendError, UsageError } from '../../src/errors.js';
import { backendVersion, startBackend, type BackendName } from '../../src/runtime/backend.js';
import { describeBackends, type BackendReport } from '../../src/runtime/backend-report.js';

const require = createRequire(import.meta.url);
// Stand-ins take the native package's place, and what `framewise setup-native` made here would take theirs.
process.env['FRAMEWISE_NATIVE'] = path.join(tmpdir(), 'framewise-no-native');
const hasNative = backendVersion('tensorflow') !== undefined;
const needsNoNative = hasNative ? ' (skipped: @tensorflow/tfjs-node is installed)' : '';

afterEach(() => {
  delete process.env['FRAMEWISE_BACKEND'];
});

// The first test of this file must find no backend started; the order of the others does not matter.
describe('startBackend', () => {
  it('starts the backend of FRAMEWISE_BACKEND if none runs', async () => {
    process.env['FRAMEWISE_BACKEND'] = 'cpu';
    await expect(startBackend()).resolves.toBe('cpu');
    expect(tf.getBackend()).toBe('cpu');
  });

  it('prefers the option over FRAMEWISE_BACKEND, and computes with it', async () => {
    process.env['FRAMEWISE_BACKEND'] = 'cpu';
    await expect(startBackend('wasm')).resolves.toBe('wasm');
    expect(tf.getBackend()).toBe('wasm');
  });

  it('keeps the running backend when none is named', async () => {
    await startBackend('cpu');
    await expect(startBackend()).resolves.toBe('cpu');
  });

  it('serves concurrent calls one after another and leaks no tensor', async () => {
    const numTensors = tf.memory().numTensors;
    const calls = [startBackend('cpu'), startBackend('wasm'), startBackend(), startBackend('cpu')];
    await expect(Promise.all(calls)).resolves.toEqual(['cpu', 'wasm', 'wasm', 'cpu']);
    expect(tf.getBackend()).toBe('cpu');
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('refuses an unknown name with the list of known ones', async () => {
    const names = /expected one of tensorflow-gpu, webgpu, tensorflow, wasm, cpu/;
    await expect(startBackend('cuda' as BackendName)).rejects.toThrow(names);
    await expect(startBackend('cuda' as BackendName)).rejects.toBeInstanceOf(UsageError);
  });

  it.skipIf(hasNative)(
    `names the package, reason and remedy of one that cannot start${needsNoNative}`,
    async () => {
      await startBackend('wasm');
      const error = await startBackend('tensorflow').catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(BackendError);
      expect((error as BackendError).backend).toBe('tensorflow');
      expect((error as BackendError).message).toMatch(
        /@tensorflow\/tfjs-node\) cannot start: it is not installed.*npm/,
      );
      expect(tf.getBackend()).toBe('wasm');
    },
  );

  it('removes the listeners with which Emscripten rethrows every error of the program', async () => {
    await startBackend('wasm');
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      expect(process.rawListeners(event).map(String).join()).not.toMatch(/throw (ex|reason)\b/);
    }
  });
});

describe('describeBackends', () => {
  it('reports every backend, best first, without leaving the running one', async () => {
    await startBackend('cpu');
    const reports = await describeBackends();
    expect(reports.map(({ name }) => name)).toEqual([
      'tensorflow-gpu',
      'webgpu',
      'tensorflow',
      'wasm',
      'cpu',
    ]);
    const wasm = reports.find(({ name }) => name === 'wasm');
    expect(wasm).toMatchObject({ isAvailable: true, version: '4.22.0', device: 'cpu' });
    expect(tf.getBackend()).toBe('cpu');
  });

  const core = JSON.stringify(require.resolve('@tensorflow/tfjs-core'));
  const cpu = JSON.stringify(require.resolve('@tensorflow/tfjs-backend-cpu'));
  const registration = `const tf = require(${core}); require(${cpu});
    for (const kernel of tf.getKernelsForBackend('cpu')) tf.registerKernel({ ...kernel, backendName: 'tensorflow' });`;

  it.skipIf(hasNative).each([
    [
      'is available with a backend in our tfjs-core',
      `${registration} tf.registerBackend('tensorflow', tf.findBackendFactory('cpu'));`,
      { isAvailable: true, version: '9.9.9', device: 'cpu' },
    ],
    [
      'gives the reason of a package that cannot load',
      `throw new Error('libtensorflow.so.2: cannot open shared object file.\\nTry to rebuild.');`,
      { isAvailable: false, reason: 'libtensorflow.so.2: cannot open shared object file' },
    ],
    [
      'refuses a package with a tfjs-core of its own',
      ``,
      {
        isAvailable: false,
        reason: expect.stringContaining('its own copy of @tensorflow/tfjs-core') as string,
      },
    ],
    [
      'survives a native library that crashes',
      `process.kill(process.pid, 'SIGKILL');`,
      { isAvailable: false, reason: expect.stringContaining('ended without an answer') as string },
    ],
    [
      'refuses one whose operations fail, as tfjs-node does on Node 23',
      `const tf = require(${core}); require(${cpu});
       tf.registerBackend('tensorflow', tf.findBackendFactory('cpu'));`,
      { isAvailable: false, reason: expect.stringMatching(/kernel.*not registered/i) as string },
    ],
    [
      'says that the native library of an installed package is missing',
      undefined,
      {
        isAvailable: false,
        reason: expect.stringContaining('was not downloaded; run "npm rebuild') as string,
      },
    ],
  ])(`%s${needsNoNative}`, async (_name, source, expected) => {
    await expect(describeNative(source)).resolves.toMatchObject(expected);
  });
});

/** Describes `tensorflow` with a stand-in for @tensorflow/tfjs-node that the probe's process finds by NODE_PATH. */
async function describeNative(source: string | undefined): Promise<BackendReport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'framewise-backend-'));
  const packageFolder = path.join(folder, '@tensorflow', 'tfjs-node');
  await mkdir(path.join(packageFolder, 'lib'), { recursive: true });
  if (source === undefined) await rm(path.join(packageFolder, 'lib'), { recursive: true });
  await writeFile(path.join(packageFolder, 'package.json'), '{"version": "9.9.9", "main": "index.js"}');
  await writeFile(path.join(packageFolder, 'index.js'), source ?? '');
  process.env['NODE_PATH'] = folder;
  try {
    const reports = await describeBackends();
    return reports.find(({ name }) => name === 'tensorflow')!;
  } finally {
    delete process.env['NODE_PATH'];
    await rm(folder, { recursive: true });
  }
}
