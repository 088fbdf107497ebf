import os from 'node:os';
import path from 'node:path';
import envPaths from 'env-paths';

/**
 * Folder of this user for everything that can be made again: features, native backends, copied programs.
 * `$XDG_CACHE_HOME/framewise` or `~/.cache/framewise` on Linux, `~/Library/Caches/framewise` on macOS,
 * `%LOCALAPPDATA%\framewise` on Windows.
 */
function userCacheFolder(): string {
  const { cache } = envPaths('framewise', { suffix: '' });
  // env-paths adds a folder "Cache" on Windows. Existing caches are in its parent.
  return process.platform === 'win32' ? path.dirname(cache) : cache;
}

/** Folder for features: `FRAMEWISE_CACHE`, or else {@link userCacheFolder}. */
export function featureCacheFolder(): string {
  return process.env['FRAMEWISE_CACHE'] || userCacheFolder();
}

/** Folder for native backends: `FRAMEWISE_NATIVE`, or else `native` in {@link userCacheFolder}. */
export function nativeCacheFolder(): string {
  return process.env['FRAMEWISE_NATIVE'] || path.join(userCacheFolder(), 'native');
}

/**
 * Folders for executable copies of programs that npm installed, the one for new copies first. The second is where
 * earlier versions put them on every platform.
 */
export function programCacheFolders(): string[] {
  return [...new Set([userCacheFolder(), path.join(os.homedir(), '.cache', 'framewise')])];
}
