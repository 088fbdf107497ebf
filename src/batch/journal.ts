import { open, readFile, stat, truncate, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { OutputError } from '../errors.js';
import { prepareOutputFolder } from '../runtime/output-file.js';
import { fingerprintSchema } from './fingerprint.js';
import { writtenFileSchema } from './written-files.js';

/** Folder within the output folder that holds what a run must know of earlier ones. */
export const STATE_FOLDER = '.framewise';

const JOURNAL_FILE = 'journal.jsonl';

const settledSchema = z.object({
  /** The video, see `videoIdentity`. */
  video: z.string(),
  /** Name of its label files below the output folder, without extension. */
  name: z.string(),
  /** What the video was; null if it could not be read. */
  input: fingerprintSchema.nullable(),
  /** Hash of the model and of the options that this depends on. */
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

/** What labeling a video came to. */
export type LabelResult = z.infer<typeof resultSchema>;
export type LabeledEntry = z.infer<typeof labeledSchema>;
export type FailedEntry = z.infer<typeof failedSchema>;
/** What became of one video in this or an earlier run. */
export type JournalEntry = LabeledEntry | FailedEntry;

/**
 * Remembers in the output folder what became of each video: a line of JSON each, appended and flushed when the video is
 * settled, so that a run that is killed loses only the videos in flight. The last line about a video holds.
 */
export class Journal {
  private readonly entries = new Map<string, JournalEntry>();
  /** The last append, so that lines do not mix. */
  private appending: Promise<void> = Promise.resolve();

  private constructor(
    private readonly file: string,
    private readonly handle: FileHandle,
  ) {}

  /**
   * Opens the journal of an output folder, or begins one. A line that was not written to its end, as a killed run leaves
   * it, is taken off; the video that it was about is settled again.
   *
   * @throws {OutputError} If it cannot be read and written.
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
      journal.read(bytes.toString('utf8', 0, wholeBytes));
      return journal;
    });
  }

  /** What is known of a video. */
  entryOf(video: string): JournalEntry | undefined {
    return this.entries.get(video);
  }

  /** Names of label files by video. */
  names(): Map<string, string> {
    return new Map([...this.entries.values()].map(({ video, name }) => [video, name]));
  }

  /**
   * Writes an entry through to the disk.
   *
   * @throws {OutputError} If that fails, or the journal is no longer where it was.
   */
  append(entry: JournalEntry): Promise<void> {
    const before = this.appending.catch(() => undefined); // whoever appended then has been told
    this.appending = before.then(async () => {
      await this.expectInPlace();
      await writing(this.file, async () => {
        await this.handle.appendFile(`${JSON.stringify(entry)}\n`);
        await this.handle.datasync();
      });
      this.entries.set(entry.video, entry);
    });
    return this.appending;
  }

  /**
   * A file that is open can be written long after it was deleted, and nobody would ever read it.
   *
   * @throws {OutputError} If the journal was deleted or replaced.
   */
  async expectInPlace(): Promise<void> {
    const [here, held] = await Promise.all([stat(this.file).catch(() => undefined), this.handle.stat()]);
    if (here?.ino === held.ino) return;
    const message =
      `The output folder was removed or replaced while videos were labeled: "${this.file}" is not what it was. ` +
      'Label files written before may be gone with it; run the same command again to write what is missing.';
    throw new OutputError(message, this.file);
  }

  /** Gives the file back. */
  async close(): Promise<void> {
    await this.appending.catch(() => undefined);
    await this.handle.close();
  }

  private read(text: string): void {
    const lines = text.split('\n').slice(0, -1);
    const damaged = lines.filter((line) => !this.readLine(line));
    if (damaged.length === 0) return;
    process.emitWarning(
      `${damaged.length} of ${lines.length} lines of "${this.file}" are damaged; their videos are labeled again.`,
      { code: 'FRAMEWISE_DAMAGED_JOURNAL' },
    );
  }

  private readLine(line: string): boolean {
    const entry = entrySchema.safeParse(parseJson(line));
    if (entry.success) this.entries.set(entry.data.video, entry.data);
    return entry.success;
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // which no schema takes
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
