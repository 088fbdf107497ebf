import cliProgress from 'cli-progress';
import picocolors from 'picocolors';

/** Where a command writes. Results go to `result`, everything else to `note`, so that results can be piped. */
export interface Terminal {
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  /** Where a list comes from that is piped in; nothing can be read where absent. */
  readonly stdin?: AsyncIterable<string | Uint8Array>;
  /** Aborted by Ctrl+C. */
  signal: AbortSignal;
}

/** Writes a result to stdout. */
export function printResult({ stdout }: Terminal, text: string): void {
  stdout.write(`${text}\n`);
}

/** Writes a remark to stderr. */
export function printNote({ stderr }: Terminal, text: string): void {
  stderr.write(`${text}\n`);
}

/** Colours for stderr: only on a terminal, and not where NO_COLOR is set. */
export function noteColors({ stderr }: Terminal): ReturnType<typeof picocolors.createColors> {
  return picocolors.createColors(Boolean(stderr.isTTY) && !process.env['NO_COLOR']);
}

/** How far along a piece of work is. */
export interface Progress {
  /** @param share - 0 to 1. @param detail - A few words on what is being done. */
  update(share: number, detail?: string): void;
  stop(): void;
}

/** Without a terminal, a line is written for each step of this share. */
const LINE_SHARE = 0.1;

/** A bar with the time left on a terminal; plain lines elsewhere. */
export function startProgress(terminal: Terminal, title: string): Progress {
  if (!terminal.stderr.isTTY) {
    let nextShare = 0;
    return {
      update(share, detail = '') {
        if (share < nextShare) return;
        nextShare = share + LINE_SHARE;
        printNote(terminal, `${title}: ${Math.floor(share * 100)} % ${detail}`.trimEnd());
      },
      stop() {},
    };
  }
  const bar = new cliProgress.SingleBar({
    stream: terminal.stderr,
    format: `${title} {bar} {percentage} %  {eta_formatted} left  {detail}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 28,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
  });
  bar.start(1000, 0, { detail: '' });
  return {
    update: (share, detail = '') => bar.update(Math.round(share * 1000), { detail }),
    stop: () => bar.stop(),
  };
}
