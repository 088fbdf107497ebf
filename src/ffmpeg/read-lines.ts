import type { Readable } from 'node:stream';

/** Characters of a line that are kept. What lies behind them is dropped, so that a line without an end takes no memory. */
const MAX_LINE_LENGTH = 4096;

/** Calls back with each line of a stream of UTF-8 text, the last one whether or not it is ended. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let pending = '';
  stream
    .setEncoding('utf8')
    .on('data', (text: string) => {
      const lines = (pending + text).split(/\r\n|\r|\n/);
      pending = (lines.pop() ?? '').slice(0, MAX_LINE_LENGTH);
      for (const line of lines) onLine(line.slice(0, MAX_LINE_LENGTH));
    })
    .on('end', () => {
      if (pending !== '') onLine(pending);
    });
}
