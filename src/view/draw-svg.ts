import { createRequire } from 'node:module';
import sharp, { type Sharp } from 'sharp';
import type { Html } from './html.js';

/**
 * Attributes of text in a drawing. The font comes with the package, Open Sans with Latin, Greek, Cyrillic and Hebrew
 * letters, so that text is drawn on machines without fonts too; other scripts want a font of the system.
 */
export const FONT = 'font-family="Open Sans, sans-serif" font-weight="600"';

const FONT_FILE = '@expo-google-fonts/open-sans/600SemiBold/OpenSans_600SemiBold.ttf';

/** Width of a letter by its height, generous. */
const LETTER_WIDTH = 0.6;

/** Draws SVG as pixels. What XML cannot hold, as a damaged label may, is left out. */
export async function drawSvg(svg: Html): Promise<Sharp> {
  await (fontLoaded ??= loadFont());
  return sharp(Buffer.from(svg.text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '')));
}

/** Cuts a line that is too long for its place. @param width - Room, in the unit of the font's size. */
export function cutLine(line: string, fontSize: number, width: number): string {
  const letters = [...line];
  const numFitting = Math.max(1, Math.floor(width / (LETTER_WIDTH * fontSize)));
  return letters.length <= numFitting ? line : `${letters.slice(0, numFitting - 1).join('')}…`;
}

let fontLoaded: Promise<void> | undefined;

/** To draw one letter from the font's file makes the font known by its name. */
async function loadFont(): Promise<void> {
  const fontfile = createRequire(import.meta.url).resolve(FONT_FILE);
  await sharp({ text: { text: 'x', font: 'Open Sans', fontfile } })
    .raw()
    .toBuffer();
}
