import { constants } from 'node:fs';
import { stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { OutputError } from '../errors.js';
import { isConfined, openRegularFile, readBytes } from '../runtime/input-file.js';
import { fingerprintSchema } from './fingerprint.js';
import { isReserved, prepareStateFolder } from './state-folder.js';
import { writtenFileSchema } from './written-files.js';

const JOURNAL_FILE = 'journal.jsonl';

/** A journal of a million videos has about 500 MB. */
const MAX_JOURNAL_BYTES = 2 ** 31;

const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR;

const settledSchema = z.object({
  /** Identity of the video, see `videoIdentity`. */
  video: z.string(),
  /** Name of the label files below the output folder, without extension. */
  name: z.string().refine((name) => isConfined(name) && !isReserved(name)),
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
const replacingSchema = settledSchema.extend({
  status: z.literal('replacing'),
  files: z.array(writtenFileSchema),
});
const entrySchema = z.discriminatedUnion('status', [labeledSchema, failedSchema, replacingSchema]);

/** Result of labeling one video. */
export type LabelResult = z.infer<typeof resultSchema>;
/** Entry for a labeled video. */
export type LabeledEntry = z.infer<typeof labeledSchema>;
/** Entry for a video that could not be labeled. */
export type FailedEntry = z.infer<typeof failedSchema>;
/**
 * Written just before the label files of an earlier result are replaced. If a run dies before it records the new result,
 * the next run knows that the files were changed by framewise and not by a person.
 */
type ReplacingEntry = z.infer<typeof replacingSchema>;
/** Last record about one video, in this run or an earlier one. */
export type JournalEntry = LabeledEntry | FailedEntry | ReplacingEntry;

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
   * video is settled again. Lines that name files outside the output folder count as damaged.
   *
   * @throws {OutputError} If the journal cannot be read or written, or is a link.
   */
  static async open(outputDir: string): Promise<Journal> {
    const file = path.join(await prepareStateFolder(outputDir), JOURNAL_FILE);
    return writing(file, async () => {
      const limits = { maxBytes: MAX_JOURNAL_BYTES, noFollow: true, flags: APPEND };
      const { handle, facts } = await openRegularFile(file, limits);
      try {
        const bytes = await readBytes(handle, facts.size);
        const wholeBytes = bytes.lastIndexOf('\n') + 1;
        if (wholeBytes < bytes.length) await handle.truncate(wholeBytes);
        const journal = new Journal(file, handle);
        journal.#read(bytes.subarray(0, wholeBytes));
        return journal;
      } catch (error) {
        await handle.close();
        throw error;
      }
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
    const held = await writing(this.#file, () => this.#handle.stat());
    const here = await stat(this.#file).catch(() => undefined);
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

  #read(bytes: Buffer): void {
    let [numLines, numDamaged] = [0, 0];
    for (let begin = 0; begin < bytes.length; numLines++) {
      const end = bytes.indexOf('\n', begin);
      if (!this.#readLine(bytes.toString('utf8', begin, end))) numDamaged++;
      begin = end + 1;
    }
    if (numDamaged === 0) return;
    process.emitWarning(
      `${numDamaged} of ${numLines} lines of "${this.#file}" are damaged; their videos are labeled again.`,
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
