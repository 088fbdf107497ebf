import { chmod, chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import util from 'node:util';
import { version_core } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadNativeSetup, repairNodeUtil } from '../../src/native/load-addon.js';
import {
  currentPlatform,
  hashFile,
  nativeFolder,
  readManifest,
  type NativeManifest,
} from '../../src/native/native-folder.js';
import { startBackend } from '../../src/runtime/backend.js';

const environment = process.env;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'framewise-native-'));
  process.env = { ...environment, FRAMEWISE_NATIVE: folder };
});
afterEach(async () => {
  process.env = environment;
  await rm(folder, { recursive: true });
});

describe('a setup that no longer fits', () => {
  /** Writes the files of a setup whose addon is not a library. */
  async function setUp(changes: Partial<NativeManifest>): Promise<NativeManifest> {
    const { addon, manifest } = nativeFolder('tensorflow');
    await mkdir(path.dirname(addon), { recursive: true });
    await writeFile(addon, 'not an addon');
    const record: NativeManifest = {
      backend: 'tensorflow',
      requested: '2.21.0',
      tensorflow: '2.21.0',
      tfjs: version_core,
      platform: currentPlatform(),
      compiler: 'c++ 12',
      addonSha256: hashFile(addon),
      ...changes,
    };
    await writeFile(manifest, JSON.stringify(record));
    return record;
  }

  it.each([
    ['another TensorFlow.js', { tfjs: '4.0.0' }, /set up for TensorFlow\.js 4\.0\.0, and this is 4\.22\.0/],
    ['another machine', { platform: 'plan9 mips' }, /set up for plan9 mips, and this is/],
    ['another addon', { addonSha256: 'f00' }, /tfjs_binding\.node" is not the file that was set up/],
  ])('is refused with the remedy: %s', async (_name, changes, message) => {
    const manifest = await setUp(changes);
    expect(() => loadNativeSetup('tensorflow', manifest)).toThrow(message);
    expect(() => loadNativeSetup('tensorflow', manifest)).toThrow(/run "framewise setup-native" again$/);
    await expect(startBackend('tensorflow')).rejects.toThrow(message);
  });

  it('is refused with the remedy if a file is missing', async () => {
    const manifest = await setUp({});
    await rm(nativeFolder('tensorflow').addon);
    expect(() => loadNativeSetup('tensorflow', manifest)).toThrow(
      /does not load \(ENOENT.*tfjs_binding\.node.*run "framewise setup-native" again$/,
    );
  });

  it.skipIf(process.getuid === undefined)('is refused if other users could have changed it', async () => {
    const manifest = await setUp({});
    const { root, addon } = nativeFolder('tensorflow');
    for (const place of [root, addon]) {
      const before = (await stat(place)).mode;
      await chmod(place, before | 0o002);
      expect(() => loadNativeSetup('tensorflow', manifest)).toThrow(
        /every user can write to ".*" and change what it runs/,
      );
      await chmod(place, before);
    }
  });

  it.skipIf(process.getuid?.() !== 0)(
    'is refused if it belongs to another user (skipped: only root can test)',
    async () => {
      const manifest = await setUp({});
      await chown(nativeFolder('tensorflow').addon, 12345, 12345);
      expect(() => loadNativeSetup('tensorflow', manifest)).toThrow(/belongs to another user/);
    },
  );

  it('counts as unfinished if its manifest is damaged', async () => {
    const { plan, manifest } = nativeFolder('tensorflow');
    await writeFile(plan, JSON.stringify(await setUp({})));
    await writeFile(manifest, '{"tfjs":');
    expect(readManifest('tensorflow')).toBeUndefined();
    await expect(startBackend('tensorflow')).rejects.toThrow(
      /its setup in ".*tensorflow" is not finished; run "framewise setup-native" to continue/,
    );
  });
});

describe('repairNodeUtil', () => {
  it('restores functions that Node 23 removed or warns about', () => {
    const module = util as unknown as Record<string, unknown>;
    const before = { isArray: module['isArray'], isNullOrUndefined: module['isNullOrUndefined'] };
    try {
      delete module['isArray'];
      delete module['isNullOrUndefined'];
      repairNodeUtil();
      const { isArray, isNullOrUndefined } = module as Record<string, (value: unknown) => boolean>;
      expect([[], {}, null].map(isArray!)).toEqual([true, false, false]);
      expect([null, undefined, 0, '', false].map(isNullOrUndefined!)).toEqual([
        true,
        true,
        false,
        false,
        false,
      ]);
    } finally {
      Object.assign(module, before);
    }
  });
});
