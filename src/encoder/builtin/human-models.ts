import { EncoderError } from '../../errors.js';
import { locateAsset } from '../../runtime/locate-asset.js';

const PACKAGE = '@vladmandic/human';

/**
 * Path of a network of the npm package `@vladmandic/human`, which ships some for offline use.
 *
 * @param fileName - Name of its topology, such as `movenet-lightning.json`. `scripts/build.mjs` lists those that are built
 *   into this package.
 * @throws {EncoderError} If it is missing.
 */
export function locateHumanModel(fileName: string): string {
  try {
    return locateAsset(PACKAGE, `models/${fileName}`);
  } catch (cause) {
    throw new EncoderError(
      `The built-in encoder has lost its network ${fileName}; run "npm install" again.`,
      {
        cause,
      },
    );
  }
}
