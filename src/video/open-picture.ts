import { open, stat } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';

/** A picture whose header is read. */
export interface Picture {
  /** To be read from. */
  image: Sharp;
  /** Width and height in pixels as shown, after the rotation that EXIF asks for. */
  width: number;
  height: number;
  format: string;
}

/** How a file of each format begins. */
const SIGNATURES = [/^\xff\xd8\xff/, /^\x89PNG\r\n\x1a\n/, /^RIFF[^]{4}WEBP/];
const SIGNATURE_BYTES = 12;

/**
 * Opens a JPEG, PNG or WebP file, whatever its name says. sharp reads more formats by their content, and an SVG among them
 * would be a program that takes its time and may name other files.
 *
 * @throws {Error} If it is not a file, not of these formats, or damaged.
 */
export async function openPicture(file: string): Promise<Picture> {
  // Opening a pipe waits for a writer, and a device may have no end.
  if (!(await stat(file)).isFile()) throw new Error('it is not a file');
  const start = await readStart(file);
  if (!SIGNATURES.some((signature) => signature.test(start))) {
    throw new Error('its content is not that of a JPEG, PNG or WebP file');
  }
  const image = sharp(file, { limitInputPixels: false }); // the caller has its own limit, and a message for it
  const { autoOrient, format } = await image.metadata();
  return { image, width: autoOrient.width, height: autoOrient.height, format };
}

/** The first bytes, as Latin-1. */
async function readStart(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(SIGNATURE_BYTES), position: 0 });
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
