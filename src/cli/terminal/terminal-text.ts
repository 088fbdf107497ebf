/** What ends a line, moves the cursor, begins an escape sequence, or turns the direction in which a line is read. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text in one line that does nothing to a terminal: `a\nb`, `\x1b[2J`, `\u202e`, whatever a file is called. */
export function escapeUnprintable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    const byte = code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
    return SHORT_ESCAPES[character] ?? byte;
  });
}

/** JSON of the same value that does nothing to a terminal either: JSON itself escapes only some of them. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : `\\u${hex(character.charCodeAt(0), 4)}`,
  );
}

function hex(code: number, numDigits: number): string {
  return code.toString(16).padStart(numDigits, '0');
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Two columns wide. Too many rather than too few: a line that ends early is still a line. */
const WIDE =
  /^[\p{scx=Han}\p{scx=Hangul}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Yi}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\ufe0f/u;
const WITHOUT_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/gu;

/** Columns that a text without escape sequences takes. */
export function columnsOf(text: string): number {
  return widthsOf(text).reduce((sum, [, width]) => sum + width, 0);
}

/** As much of a text's start as fits, with `…` for the rest. */
export function keepStart(text: string, columns: number): string {
  return cut(widthsOf(text), columns, (kept) => `${kept.join('')}…`) ?? text;
}

/** As much of a text's end as fits, with `…` for the rest: of a path the end tells most. */
export function keepEnd(text: string, columns: number): string {
  return cut(widthsOf(text).reverse(), columns, (kept) => `…${kept.reverse().join('')}`) ?? text;
}

/** @returns Undefined where nothing must be cut. */
function cut(
  widths: readonly (readonly [string, number])[],
  columns: number,
  join: (kept: string[]) => string,
): string | undefined {
  const total = widths.reduce((sum, [, width]) => sum + width, 0);
  if (total <= columns) return undefined;
  if (columns < 1) return '';
  const kept: string[] = [];
  let free = columns - 1; // one is the ellipsis
  for (const [grapheme, width] of widths) {
    free -= width;
    if (free < 0) break;
    kept.push(grapheme);
  }
  return join(kept);
}

function widthsOf(text: string): [grapheme: string, width: number][] {
  return Array.from(graphemes.segment(text), ({ segment }) => [segment, widthOf(segment)]);
}

function widthOf(grapheme: string): number {
  return WIDE.test(grapheme) ? 2 : [...grapheme.replace(WITHOUT_WIDTH, '')].length;
}
