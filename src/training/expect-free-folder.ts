import { access } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../errors.js';
import { MODEL_FILE } from '../labeler/model/model-folder.js';
import { CHECKPOINT_DIR, CheckpointFolder } from './loop/checkpoint-folder.js';

/**
 * Makes sure that a training may write to a folder.
 *
 * @throws {UsageError} If it holds a model or an unfinished training, which must not be lost.
 */
export async function expectFreeFolder(folder: string): Promise<void> {
  const hasModel = await access(path.join(folder, MODEL_FILE)).then(
    () => true,
    () => false,
  );
  if (hasModel) {
    throw new UsageError(`"${folder}" holds a model already. Choose another folder, or pass --overwrite.`);
  }
  if (!(await new CheckpointFolder(path.join(folder, CHECKPOINT_DIR)).isEmpty())) {
    throw new UsageError(
      `"${folder}" holds a training that was not finished. Pass --resume to go on with it, or --overwrite to start afresh.`,
    );
  }
}
