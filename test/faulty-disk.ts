import { lstat, truncate } from 'node:fs/promises';
import type * as files from 'node:fs/promises';
import path from 'node:path';

type FileHandle = files.FileHandle;

/** What happens at the chosen operation. */
export type Fault =
  /** It fails and changes nothing. */
  | 'EIO'
  /** A write fails and changes nothing. */
  | 'ENOSPC'
  /** A write writes half of its bytes and fails. A read gives half of its bytes and succeeds. */
  | 'short'
  /** A write fails, so does every later operation, and half of what was written but not flushed is lost. */
  | 'power loss';

/**
 * A disk on which one operation below a folder fails. Operations are counted, so that a test can let the first one fail, then the
 * second, and so on until the work needs no more operations.
 *
 * @see https://www.sqlite.org/testing.html#i_o_error_testing for the method.
 */
export class FaultyDisk {
  #folder: string | undefined;
  #fault: Fault = 'EIO';
  /** Operations until the fault. */
  #numLeft = Infinity;
  #isDead = false;
  /** Bytes of each written file that are known to be on the disk. */
  readonly #flushedBytes = new Map<string, number>();

  /** @param position - The first operation has 1. */
  breakAt(folder: string, fault: Fault, position: number): void {
    [this.#folder, this.#fault, this.#numLeft, this.#isDead] = [folder, fault, position, false];
    this.#flushedBytes.clear();
  }

  /** Makes the disk work again. @returns Whether the fault happened. */
  async repair(): Promise<boolean> {
    this.#folder = undefined;
    if (this.#isDead) for (const [file, numBytes] of this.#flushedBytes) await loseUnflushed(file, numBytes);
    return this.#numLeft <= 0;
  }

  /** Replaces the functions of `node:fs/promises` that the program uses. */
  wrap(original: typeof files): typeof files {
    const guard =
      <Args extends unknown[], Result>(
        work: (file: string, ...more: Args) => Promise<Result>,
        isWrite: boolean,
      ) =>
      async (file: string, ...more: Args): Promise<Result> => {
        this.#expect(file, isWrite);
        return work(file, ...more);
      };
    const replaced: Record<string, unknown> = {};
    for (const name of ['lstat', 'stat', 'readdir', 'readFile', 'realpath', 'access'] as const) {
      replaced[name] = guard(original[name] as (file: string) => Promise<unknown>, false);
    }
    for (const name of ['mkdir', 'rm', 'rename', 'truncate'] as const) {
      replaced[name] = guard(original[name] as (file: string) => Promise<unknown>, true);
    }
    const open: typeof original.open = async (file, flags, mode) => {
      this.#expect(String(file), false);
      return this.#wrapHandle(await original.open(file, flags, mode), path.resolve(String(file)));
    };
    const writeFile: typeof original.writeFile = async (file, data, options) => {
      const flag = typeof options === 'object' ? options?.flag : undefined;
      const handle = await open(file as string, flag ?? 'w');
      try {
        await handle.writeFile(data as string);
      } finally {
        await handle.close();
      }
    };
    return { ...original, ...replaced, open, writeFile };
  }

  #wrapHandle(handle: FileHandle, file: string): FileHandle {
    const read: (options: object) => ReturnType<FileHandle['read']> = handle.read.bind(handle);
    const stat = handle.stat.bind(handle);
    const cut = handle.truncate.bind(handle);
    const sizeOf = async (): Promise<number> => Number((await stat()).size);
    const write =
      (work: FileHandle['writeFile']): FileHandle['writeFile'] =>
      async (data, ...more) => {
        const bytes = Buffer.from(data as string);
        if (!this.#flushedBytes.has(file)) this.#flushedBytes.set(file, await sizeOf());
        const isShort = this.#expect(file, true);
        await work(isShort ? bytes.subarray(0, bytes.length / 2) : bytes, ...more);
        if (isShort) throw fail('ENOSPC');
      };
    const flush = (work: () => Promise<void>) => async (): Promise<void> => {
      this.#expect(file, true);
      await work();
      this.#flushedBytes.set(file, await sizeOf());
    };
    return Object.assign(handle, {
      writeFile: write(handle.writeFile.bind(handle)),
      appendFile: write(handle.appendFile.bind(handle)),
      sync: flush(handle.sync.bind(handle)),
      datasync: flush(handle.datasync.bind(handle)),
      truncate: async (length?: number) => {
        this.#expect(file, true);
        await cut(length);
      },
      stat: async () => {
        this.#expect(file, false);
        return stat();
      },
      read: async (
        ...args: [options: object] | [Buffer, offset: number, length: number, position: number]
      ) => {
        const isShort = this.#expect(file, false);
        if (args.length === 1) return read(args[0]);
        const [buffer, offset, length, position] = args;
        return read({ buffer, offset, length: isShort ? Math.ceil(length / 2) : length, position });
      },
    });
  }

  /** What is lost when the power fails does not depend on reads. */
  get #countsWrites(): boolean {
    return this.#fault === 'ENOSPC' || this.#fault === 'power loss';
  }

  /** Counts an operation. @returns Whether it is to be short. @throws If it is to fail. */
  #expect(file: string, isWrite: boolean): boolean {
    if (this.#folder === undefined || !path.resolve(file).startsWith(this.#folder)) return false;
    if (this.#isDead) throw fail('EIO');
    if (this.#countsWrites && !isWrite) return false;
    if (--this.#numLeft !== 0) return false;
    if (this.#fault === 'short') return true;
    this.#isDead = this.#fault === 'power loss';
    throw fail(this.#fault === 'ENOSPC' ? 'ENOSPC' : 'EIO');
  }
}

async function loseUnflushed(file: string, flushedBytes: number): Promise<void> {
  const size = await lstat(file).then(
    (facts) => facts.size,
    () => 0, // It was renamed or removed.
  );
  if (size > flushedBytes) await truncate(file, flushedBytes + Math.floor((size - flushedBytes) / 2));
}

function fail(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: a fault that the test injected`), { code, syscall: 'test' });
}
