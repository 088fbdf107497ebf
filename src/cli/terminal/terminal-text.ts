import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';

/** Characters that end a line, move the cursor, start an escape sequence or change the reading direction. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const BAR_COLUMNS = 20;

/**
 * Escapes every character that could change the terminal, so that any file name fits on one line.
 *
 * @example
 * escapeUnprintable('a\nb\x1b[2J'); // 'a\\nb\\x1b[2J'
 */
export function escapeUnprintable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    const byte = code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
    return SHORT_ESCAPES[character] ?? byte;
  });
}

/** Formats a value as JSON that cannot change the terminal. JSON itself escapes only some of these characters. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : `\\u${hex(character.charCodeAt(0), 4)}`,
  );
}

function hex(code: number, numDigits: number): string {
  return code.toString(16).padStart(numDigits, '0');
}

/** Terminal columns that a text takes. */
export function columnsOf(text: string): number {
  return stringWidth(text);
}

/** Cuts the end of a text that is too wide, and marks the cut with `…`. */
export function keepStart(text: string, columns: number): string {
  return cut(text, columns, 'end');
}

/** Cuts the start of a text that is too wide, and marks the cut with `…`. The end of a path tells most. */
export function keepEnd(text: string, columns: number): string {
  return cut(text, columns, 'start');
}

function cut(text: string, columns: number, position: 'start' | 'end'): string {
  const kept = cliTruncate(text, columns, { position });
  // cli-truncate keeps a character of two columns of which only the first one fits.
  return columnsOf(kept) <= Math.max(columns, 0) ? kept : cliTruncate(text, columns - 1, { position });
}

/** Draws a bar of 20 columns, rounded down like {@link formatShare}. @param share - 0 to 1. */
export function formatBar(share: number): string {
  const numFull = Math.floor(BAR_COLUMNS * Math.min(Math.max(share, 0), 1));
  return '█'.repeat(numFull).padEnd(BAR_COLUMNS, '░');
}

/** 0.425 → "42 %". Rounds down, so that 100 % means done. */
export function formatShare(share: number): string {
  return `${Math.floor(100 * share)} %`;
}

/** 4000 → "1:06:40", 65 → "1:05". */
export function formatDuration(seconds: number): string {
  const [hours, minutes, rest] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor) as [
    number,
    number,
    number,
  ];
  const pad = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}
