import type { Sharp } from 'sharp';
import { loadSharp } from '../runtime/load-sharp.js';
import { locateAsset } from '../runtime/locate-asset.js';
import type { Html } from './html.js';

/**
 * SVG attributes of text. Open Sans comes with the package, so that text with Latin, Greek, Cyrillic and Hebrew letters
 * is drawn on machines without fonts. Other scripts need a font of the system.
 */
export const FONT = 'font-family="Open Sans, sans-serif" font-weight="600"';

const FONT_FILE = '600SemiBold/OpenSans_600SemiBold.ttf';

/** Upper estimate of a letter's width divided by the font size. */
const LETTER_WIDTH = 0.6;

/** Renders SVG to pixels. Characters that XML does not allow, as a damaged label may have, are removed. */
export async function drawSvg(svg: Html): Promise<Sharp> {
  const sharp = await loadSharp();
  await (fontLoaded ??= loadFont());
  return sharp(Buffer.from(svg.text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '')));
}

/** Shortens a line that is wider than `width`, given in the unit of the font size, and ends it with `…`. */
export function cutLine(line: string, fontSize: number, width: number): string {
  const letters = [...line];
  const numFitting = Math.max(1, Math.floor(width / (LETTER_WIDTH * fontSize)));
  return letters.length <= numFitting ? line : `${letters.slice(0, numFitting - 1).join('')}…`;
}

let fontLoaded: Promise<void> | undefined;

/** Drawing one letter from the font file registers the font by its name. */
async function loadFont(): Promise<void> {
  const sharp = await loadSharp();
  const fontfile = locateAsset('@expo-google-fonts/open-sans', FONT_FILE);
  await sharp({ text: { text: 'x', font: 'Open Sans', fontfile } })
    .raw()
    .toBuffer();
}
