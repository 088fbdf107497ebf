import { homedir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { featureCacheFolder, nativeCacheFolder, programCacheFolders } from '../src/cache-folder.js';
import { nativeFolder } from '../src/native/native-folder.js';

const VARIABLES = ['FRAMEWISE_CACHE', 'FRAMEWISE_NATIVE', 'XDG_CACHE_HOME', 'LOCALAPPDATA'];
const platform = process.platform;

beforeEach(() => {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  usePlatform(platform);
});

function usePlatform(value: NodeJS.Platform): void {
  Object.defineProperty(process, 'platform', { value });
}

describe('featureCacheFolder', () => {
  it.each<[string, NodeJS.ProcessEnv, NodeJS.Platform, string]>([
    ['FRAMEWISE_CACHE above all', { FRAMEWISE_CACHE: '/f', XDG_CACHE_HOME: '/x' }, 'linux', '/f'],
    ['XDG_CACHE_HOME on Linux', { XDG_CACHE_HOME: '/x' }, 'linux', path.join('/x', 'framewise')],
    ['~/.cache on Linux', {}, 'linux', path.join(homedir(), '.cache', 'framewise')],
    ['~/Library/Caches on macOS', {}, 'darwin', path.join(homedir(), 'Library', 'Caches', 'framewise')],
    ['LOCALAPPDATA on Windows', { LOCALAPPDATA: '/l' }, 'win32', path.join('/l', 'framewise')],
  ])('takes %s', (_name, environment, platformName, expected) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    usePlatform(platformName);
    expect(featureCacheFolder()).toBe(expected);
  });
});

describe('nativeCacheFolder', () => {
  it('is FRAMEWISE_NATIVE, or else a folder in the cache, with one subfolder per backend', () => {
    expect(nativeCacheFolder()).toBe(path.join(homedir(), '.cache', 'framewise', 'native'));
    vi.stubEnv('XDG_CACHE_HOME', '/caches');
    expect(nativeFolder('tensorflow-gpu').root).toBe(path.resolve('/caches/framewise/native/tensorflow-gpu'));
    vi.stubEnv('FRAMEWISE_NATIVE', '/native');
    expect(nativeFolder('tensorflow').root).toBe(path.resolve('/native/tensorflow'));
  });
});

describe('programCacheFolders', () => {
  it('lists the folder for new copies first, and then the one of earlier versions', () => {
    const earlier = path.join(homedir(), '.cache', 'framewise');
    expect(programCacheFolders()).toEqual([earlier]);
    vi.stubEnv('XDG_CACHE_HOME', '/caches');
    expect(programCacheFolders()).toEqual([path.join('/caches', 'framewise'), earlier]);
  });
});
