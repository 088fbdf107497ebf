import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EncoderError } from '../../errors.js';

const PACKAGE = '@vladmandic/human';

/**
 * Path of a network inside the npm package `@vladmandic/human`, which ships some for offline use.
 *
 * @param fileName - Of its topology, such as `movenet-lightning.json`.
 * @throws {EncoderError} If the package is not installed.
 */
export function locateHumanModel(fileName: string): string {
  return path.join(packageFolder(), 'models', fileName);
}

/** The package's `exports` hide its models and its package.json, so its root is sought upwards from its entry. */
function packageFolder(): string {
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(PACKAGE);
  } catch (cause) {
    throw new EncoderError(`The built-in encoder needs the npm package ${PACKAGE}; run "npm install".`, {
      cause,
    });
  }
  let folder = path.dirname(entry);
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return folder;
}
