/** Writes the pixels of a line of text to stdout as RGBA. */
import { drawSvg, FONT } from '../../src/view/draw-svg.js';
import { html, markup } from '../../src/view/html.js';

const line = html`<svg xmlns="http://www.w3.org/2000/svg" width="420" height="30" ${markup(FONT)}>
  <text y="22" font-size="20" fill="#fff">walk &amp; Straße łódź прыжок αβγ 87 %</text>
</svg>`;
process.stdout.write(await (await drawSvg(line)).raw().toBuffer());
