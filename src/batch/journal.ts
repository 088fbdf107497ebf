import { open, readFile, stat, truncate, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { OutputError } from '../errors.js';
import { prepareOutputFolder } from '../runtime/output-file.js';
import { fingerprintSchema } from './fingerprint.js';
import { writtenFileSchema } from './written-files.js';

/** Folder within the output folder for what a run must know about earlier runs. */
export const STATE_FOLDER = '.framewise';

const JOURNAL_FILE = 'journal.jsonl';

const settledSchema = z.object({
  /** Identity of the video, see `videoIdentity`. */
  video: z.string(),
  /** Name of the label files below the output folder, without extension. */
  name: z.string(),
  /** Fingerprint of the video. Null if it could not be read. */
  input: fingerprintSchema.nullable(),
  /** Hash of the model and the options that the outcome depends on. */
  settings: z.string(),
});
const resultSchema = z.object({
  files: z.array(writtenFileSchema),
  numFrames: z.number(),
  numSegments: z.number(),
  /** Seconds of video that the segments cover. */
  videoSec: z.number(),
});
const labeledSchema = settledSchema.extend({ status: z.literal('labelled'), ...resultSchema.shape });
const failedSchema = settledSchema.extend({
  status: z.literal('failed'),
  error: z.object({ code: z.string(), message: z.string() }),
});
const entrySchema = z.discriminatedUnion('status', [labeledSchema, failedSchema]);

/** Result of labeling one video. */
export type LabelResult = z.infer<typeof resultSchema>;
/** Entry for a labeled video. */
export type LabeledEntry = z.infer<typeof labeledSchema>;
/** Entry for a video that could not be labeled. */
export type FailedEntry = z.infer<typeof failedSchema>;
/** Outcome of one video in this run or an earlier one. */
export type JournalEntry = LabeledEntry | FailedEntry;

/**
 * Records the outcome of each video in the output folder. When a video is settled, one line of JSON is appended and
 * flushed to disk, so a killed run loses only the videos in progress. The last line about a video counts.
 */
export class Journal {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #entries = new Map<string, JournalEntry>();
  /** The last append. The next one waits for it, so that lines do not mix. */
  #appending: Promise<void> = Promise.resolve();

  /** Use {@link Journal.open}. */
  constructor(file: string, handle: FileHandle) {
    this.#file = file;
    this.#handle = handle;
  }

  /**
   * Opens the journal of an output folder, or creates one. An incomplete last line, left by a killed run, is removed. Its
   * video is settled again.
   *
   * @throws {OutputError} If the journal cannot be read or written.
   */
  static async open(outputDir: string): Promise<Journal> {
    const file = path.join(outputDir, STATE_FOLDER, JOURNAL_FILE);
    await prepareOutputFolder(path.dirname(file));
    return writing(file, async () => {
      const handle = await open(file, 'a+');
      const bytes = await readFile(file);
      const wholeBytes = bytes.lastIndexOf('\n') + 1;
      if (wholeBytes < bytes.length) await truncate(file, wholeBytes);
      const journal = new Journal(file, handle);
      journal.#read(bytes.toString('utf8', 0, wholeBytes));
      return journal;
    });
  }

  /** The recorded outcome of a video. */
  entryOf(video: string): JournalEntry | undefined {
    return this.#entries.get(video);
  }

  /** Names of label files, by the identity of the video. */
  names(): Map<string, string> {
    return new Map([...this.#entries.values()].map(({ video, name }) => [video, name]));
  }

  /**
   * Appends an entry and flushes it to disk.
   *
   * @throws {OutputError} If this fails, or if the journal was deleted or replaced.
   */
  append(entry: JournalEntry): Promise<void> {
    const before = this.#appending.catch(() => undefined); // That caller has received the error.
    this.#appending = before.then(async () => {
      await this.expectInPlace();
      await writing(this.#file, async () => {
        await this.#handle.appendFile(`${JSON.stringify(entry)}\n`);
        await this.#handle.datasync();
      });
      this.#entries.set(entry.video, entry);
    });
    return this.#appending;
  }

  /**
   * Checks that the journal is still in the output folder. A deleted file that is open can still be written, but nobody
   * would ever read it.
   *
   * @throws {OutputError} If the journal was deleted or replaced.
   */
  async expectInPlace(): Promise<void> {
    const [here, held] = await Promise.all([stat(this.#file).catch(() => undefined), this.#handle.stat()]);
    if (here?.ino === held.ino) return;
    const message =
      `The output folder was removed or replaced while videos were labeled: "${this.#file}" is not the file that was opened. ` +
      'Earlier label files may be lost; run the same command again to write what is missing.';
    throw new OutputError(message, this.#file);
  }

  /** Waits for the last append and closes the file. */
  async close(): Promise<void> {
    await this.#appending.catch(() => undefined);
    await this.#handle.close();
  }

  #read(text: string): void {
    const lines = text.split('\n').slice(0, -1);
    const damaged = lines.filter((line) => !this.#readLine(line));
    if (damaged.length === 0) return;
    process.emitWarning(
      `${damaged.length} of ${lines.length} lines of "${this.#file}" are damaged; their videos are labeled again.`,
      { code: 'FRAMEWISE_DAMAGED_JOURNAL' },
    );
  }

  #readLine(line: string): boolean {
    const entry = entrySchema.safeParse(parseJson(line));
    if (entry.success) this.#entries.set(entry.data.video, entry.data);
    return entry.success;
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // The schema refuses it.
  }
}

async function writing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const message =
      `Cannot keep the journal "${file}": ${(cause as Error).message}. ` +
      'Choose an output folder that you may write to and that has room.';
    throw new OutputError(message, file, { cause });
  }
}
