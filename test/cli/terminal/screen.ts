import { Writable } from 'node:stream';

/** A terminal of a given size that keeps the text a person would see. It supports the escape sequences of live lines. */
export class Screen extends Writable {
  readonly isTTY: boolean = true;
  /** Everything that was written, with escape sequences. */
  raw = '';
  /** All rows since the start. Those above the last `rows` have scrolled away. */
  readonly #cells: string[][] = [[]];
  #row = 0;
  #column = 0;
  #wraps = true;

  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {
    super();
  }

  /** Every row without trailing blanks, without empty rows at the end. */
  get text(): string[] {
    const rows = this.#cells.map((cells) =>
      Array.from(cells, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
    return rows.slice(0, rows.findLastIndex((row) => row !== '') + 1);
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.raw += chunk.toString();
    for (const [token] of chunk.toString().matchAll(/\x1b\[[?\d;]*[A-Za-z]|[^]/gu)) this.#take(token);
    done();
  }

  #take(token: string): void {
    const sequence = /^\x1b\[(\??\d*)([A-Za-z])$/.exec(token);
    if (sequence) return this.#obey(sequence[1]!, sequence[2]!);
    if (token === '\r') this.#column = 0;
    else if (token === '\n') this.#down();
    else if (token.charCodeAt(0) < 0x20) throw new Error(`A control character: ${JSON.stringify(token)}`);
    else this.#put(token);
  }

  #obey(parameter: string, command: string): void {
    const top = Math.max(0, this.#cells.length - this.rows);
    if (command === 'A') this.#row = Math.max(top, this.#row - Number(parameter || 1));
    else if (command === 'K')
      this.#cells[this.#row]!.length = Math.min(this.#cells[this.#row]!.length, this.#column);
    else if (command === 'J') {
      this.#obey('', 'K');
      for (let row = this.#row + 1; row < this.#cells.length; row++) this.#cells[row] = [];
    } else if (parameter === '?7') this.#wraps = command === 'h';
    else if (command !== 'm') throw new Error(`An unknown sequence: ${parameter}${command}`);
  }

  #put(character: string): void {
    const width = /[\u1100-\u115f\u3000-\u9fff\uac00-\ud7a3\uff01-\uff60\u{1f300}-\u{1faff}]/u.test(character)
      ? 2
      : 1;
    if (this.#column + width > this.columns) {
      if (this.#wraps) this.#down();
      else this.#column = this.columns - width;
    }
    const cells = this.#cells[this.#row]!;
    while (cells.length < this.#column) cells.push(' ');
    cells[this.#column] = character;
    if (width === 2) cells[this.#column + 1] = '';
    this.#column += width;
  }

  #down(): void {
    this.#row++;
    this.#column = 0;
    if (this.#row === this.#cells.length) this.#cells.push([]);
  }
}
