import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where `scripts/build.mjs` puts its copies, seen from the compiled file. */
const BUILT_ASSETS = fileURLToPath(new URL('../assets', import.meta.url));

/**
 * Finds a file of an npm package whose few needed files are copied into this package when it is built, because the rest
 * of that package is large. The sources use the package itself, which is a development dependency.
 *
 * @param packageName - Such as `@vladmandic/human`.
 * @param file - Path in the package, with `/`.
 * @throws If neither the copy nor the package is there.
 */
export function locateAsset(packageName: string, file: string): string {
  const copy = path.join(BUILT_ASSETS, path.basename(packageName), path.basename(file));
  return existsSync(copy) ? copy : path.join(packageFolder(packageName), file);
}

/** A package's `exports` can hide its files and its package.json, so its folder is sought in the usual places. */
function packageFolder(packageName: string): string {
  const places = createRequire(import.meta.url).resolve.paths(packageName) ?? [];
  const folder = places.map((place) => path.join(place, packageName)).find((place) => existsSync(place));
  if (folder === undefined) throw new Error(`The npm package ${packageName} is not installed.`);
  return folder;
}
