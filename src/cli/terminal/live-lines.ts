/** The stream that shows live lines: stderr. */
export type Screen = NodeJS.WritableStream & { isTTY?: boolean; columns?: number; rows?: number };

const INTERVAL_MS = 100;
/** Free columns at the right edge. The terminal itself prints ^C there, which must not start a new line. */
const MARGIN = '^C^C'.length + 1;
const CLEAR_RIGHT = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const WRAP_OFF = '\x1b[?7l';
const WRAP_ON = '\x1b[?7h';

/** Lines at the bottom of a terminal that are redrawn while work continues. */
export interface LiveLines {
  /** Removes the lines. Everything written with {@link writeLine} stays. */
  stop(): void;
}

/** Permanent lines that wait to be written above the live lines of a screen. */
const waiting = new WeakMap<Screen, string[]>();

/** Writes a permanent line: above the live lines, if the screen shows any. */
export function writeLine(screen: Screen, line: string): void {
  const above = waiting.get(screen);
  if (above) above.push(line);
  else screen.write(`${line}\n`);
}

/**
 * Shows lines on a terminal and redraws them ten times a second. Lines beyond the terminal's height are left out.
 *
 * @param format - Returns the lines. Each must fit into the given number of columns.
 */
export function startLiveLines(screen: Screen, format: (columns: number) => string[]): LiveLines {
  const above: string[] = [];
  waiting.set(screen, above);
  let numShown = 0;
  let shown = '';
  const draw = (lines: readonly string[]): void => {
    const text = lines.map((line) => line + CLEAR_RIGHT).join('\n');
    if (text === shown && above.length === 0) return;
    const toTop = numShown > 1 ? `\r\x1b[${numShown - 1}A` : '\r';
    const permanent = above.splice(0).map((line) => `${CLEAR_BELOW}${line}\n`);
    // One write that overwrites instead of clearing first avoids flicker. Line wrapping is off, because a character
    // that is wider on this terminal than expected must not add a line: the way back to the top is counted in lines.
    screen.write([toTop, ...permanent, WRAP_OFF, text, CLEAR_BELOW, WRAP_ON].join(''));
    [shown, numShown] = [text, lines.length];
  };
  const refresh = (): void => {
    const { columns = 0, rows = 0 } = screen; // Both are 0 if the terminal does not report its size.
    draw(format((columns || 80) - MARGIN).slice(0, (rows || 24) - 1));
  };
  const timer = setInterval(refresh, INTERVAL_MS);
  refresh();
  return {
    stop() {
      clearInterval(timer);
      draw([]);
      waiting.delete(screen);
    },
  };
}
