import type sharp from 'sharp';
import { SharpMissingError } from '../errors.js';

/**
 * Loads sharp, which reads and writes pictures. Its binaries are optional dependencies, so an installation may lack them.
 * Most commands need no pictures, so no module imports sharp when it is loaded.
 *
 * @throws {SharpMissingError} If sharp or its binary for this machine is not installed.
 */
export async function loadSharp(): Promise<typeof sharp> {
  try {
    const { default: sharp } = await import('sharp');
    sharp.cache(false); // It keeps files open, and no picture is read twice.
    return sharp;
  } catch (cause) {
    const machine = `${process.platform}-${process.arch}`;
    const [reason = ''] = (cause as Error).message.trim().split('\n', 1);
    throw new SharpMissingError(
      `Pictures cannot be read or drawn, because the package sharp does not load on ${machine} (${reason}). ` +
        'Install framewise without --omit=optional, or add the binary: ' +
        `npm install --os=${process.platform} --cpu=${process.arch} sharp`,
      { cause },
    );
  }
}
