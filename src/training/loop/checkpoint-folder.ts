import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { OutputError, TrainingError } from '../../errors.js';
import { MAX_BINARY_BYTES, readRegularFile } from '../../runtime/input-file.js';
import { writeFileAtomic } from '../../runtime/output-file.js';
import { decodeCheckpoint, encodeCheckpoint, type CheckpointContent } from './checkpoint-file.js';

/** Name of the folder with checkpoints in the output folder of a training. */
export const CHECKPOINT_DIR = 'checkpoint';

/** Number of checkpoints that are kept: the newest, and one to fall back to. */
const NUM_KEPT = 2;

const FILE_NAME = /^step-(\d+)\.checkpoint$/;

/** The newest checkpoints of one training. Each is written under a temporary name and renamed, so that it is never incomplete. */
export class CheckpointFolder {
  /** @param folder - Created by the first write. */
  constructor(readonly folder: string) {}

  /** Writes a checkpoint. @throws {OutputError} If it cannot be written. Earlier checkpoints stay. */
  async write<Facts>(step: number, content: CheckpointContent<Facts>): Promise<void> {
    const name = `step-${String(step).padStart(9, '0')}.checkpoint`;
    await writeFileAtomic(path.join(this.folder, name), encodeCheckpoint(content));
    const others = (await this.#names()).filter((other) => other !== name);
    await this.#remove(others.slice(NUM_KEPT - 1));
  }

  /** Whether there is no checkpoint, not even a damaged one. */
  async isEmpty(): Promise<boolean> {
    return (await this.#names()).length === 0;
  }

  /**
   * Reads the newest valid checkpoint.
   *
   * @param isValid - Whether a training can continue from a checkpoint.
   * @param onDamaged - Receives the path of each newer checkpoint that is damaged or not valid.
   * @returns Undefined if there is no checkpoint.
   * @throws {TrainingError} If all checkpoints are damaged.
   */
  async readNewest<Facts>(
    isValid: (content: CheckpointContent<unknown>) => content is CheckpointContent<Facts>,
    onDamaged: (file: string) => void,
  ): Promise<CheckpointContent<Facts> | undefined> {
    const names = await this.#names();
    for (const name of names) {
      const file = path.join(this.folder, name);
      const bytes = await readRegularFile(file, { maxBytes: MAX_BINARY_BYTES }).catch(() => undefined);
      const content = bytes && decodeCheckpoint(bytes);
      if (content && isValid(content)) return content;
      onDamaged(file);
    }
    if (names.length === 0) return undefined;
    throw new TrainingError(
      `No checkpoint in "${this.folder}" can be used: ${names.join(' and ')} are damaged or of another version. ` +
        'Restore one from a copy, or start the training again.',
    );
  }

  /** Removes all checkpoints, complete or not. */
  async clear(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true }).catch((cause: Error) => {
      const advice = 'Remove it, or choose another folder.';
      throw new OutputError(`Cannot remove "${this.folder}": ${cause.message}. ${advice}`, this.folder, {
        cause,
      });
    });
  }

  /** Removes incomplete checkpoints that an ended process left. */
  async clearLeftovers(): Promise<void> {
    const entries = await this.#entries();
    await this.#remove(entries.filter((name) => name.endsWith('.part')));
  }

  /** Names of the checkpoints, newest first. */
  async #names(): Promise<string[]> {
    const names = (await this.#entries()).filter((name) => FILE_NAME.test(name));
    return names.sort((a, b) => stepOf(b) - stepOf(a));
  }

  async #entries(): Promise<string[]> {
    return readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }

  async #remove(names: readonly string[]): Promise<void> {
    for (const name of names) await rm(path.join(this.folder, name), { force: true });
  }
}

function stepOf(name: string): number {
  return Number(FILE_NAME.exec(name)?.[1]);
}
