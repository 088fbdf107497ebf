/** What lines are shown on: stderr. */
export type Screen = NodeJS.WritableStream & { isTTY?: boolean; columns?: number; rows?: number };

const INTERVAL_MS = 100;
/** Left free at the right for what the terminal itself shows of Ctrl+C, which must not begin a line of its own. */
const MARGIN = '^C^C'.length + 1;
const CLEAR_RIGHT = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const WRAP_OFF = '\x1b[?7l';
const WRAP_ON = '\x1b[?7h';

/** Lines at the foot of a terminal that are written over as work goes on. */
export interface LiveLines {
  /** Takes them away, and leaves what stays. */
  stop(): void;
}

/** What waits to be written above the lines of a screen that shows some. */
const waiting = new WeakMap<Screen, string[]>();

/** Writes a line that stays: above the lines that are shown, if there are any. */
export function writeLine(screen: Screen, line: string): void {
  const above = waiting.get(screen);
  if (above) above.push(line);
  else screen.write(`${line}\n`);
}

/**
 * Shows lines on a terminal, ten times a second anew. Lines beyond the terminal's height are left out.
 *
 * @param spell - Gives the lines; each must fit into so many columns.
 */
export function startLiveLines(screen: Screen, spell: (columns: number) => string[]): LiveLines {
  const above: string[] = [];
  waiting.set(screen, above);
  let numShown = 0;
  let shown = '';
  const draw = (lines: readonly string[]): void => {
    const text = lines.map((line) => line + CLEAR_RIGHT).join('\n');
    if (text === shown && above.length === 0) return;
    const toTop = numShown > 1 ? `\r\x1b[${numShown - 1}A` : '\r';
    const stay = above.splice(0).map((line) => `${CLEAR_BELOW}${line}\n`);
    // In one piece, and written over rather than cleared first, so that nothing flickers. A character that the terminal
    // finds wider than we do must not make a line two: the way back to the top is counted in lines.
    screen.write([toTop, ...stay, WRAP_OFF, text, CLEAR_BELOW, WRAP_ON].join(''));
    [shown, numShown] = [text, lines.length];
  };
  const refresh = (): void => {
    const { columns = 0, rows = 0 } = screen; // 0 too where the terminal does not say
    draw(spell((columns || 80) - MARGIN).slice(0, (rows || 24) - 1));
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
