import path from 'node:path';
import type { EncoderSpec, ModelOnDiskSpec, SingleEncoderSpec } from '../../encoder/encoder-spec.js';
import { encoderName } from '../../encoder/networks/encoder-model.js';
import { copyModelFiles } from '../../encoder/networks/model-files.js';
import { ModelError } from '../../errors.js';
import { isConfined, staysBelow } from '../../runtime/input-file.js';

/** Folder in a model's folder for encoders that do not ship with framewise. */
const ENCODER_FOLDER = 'encoder';

/**
 * Copies the files of an encoder into a model's folder, so that the folder is all that the model needs. An encoder that is
 * already there, or that ships with framewise, is left as it is.
 *
 * @returns The encoder with paths that start at the folder, for `model.json`.
 * @throws {EncoderError} If the encoder's files cannot be read.
 * @throws {OutputError} If they cannot be written.
 */
export async function bundleEncoder(folder: string, encoder: EncoderSpec): Promise<EncoderSpec> {
  return mapPaths(encoder, async (file, position) => {
    const below = path.relative(folder, file).split(path.sep).join('/');
    if (isConfined(below) && !path.isAbsolute(below)) return below;
    // A copy keeps the names of file and folder, and with them the id.
    const target = [ENCODER_FOLDER, ...position, encoderName(file), path.basename(file)].join('/');
    await copyModelFiles(file, path.join(folder, target));
    return target;
  });
}

/**
 * Finds the files of an encoder that a model's `model.json` names.
 *
 * @returns The encoder with absolute paths.
 * @throws {ModelError} If a path leads out of the model's folder. A model that somebody else made must not choose which files
 *   of this machine are read.
 */
export async function locateEncoder(folder: string, encoder: EncoderSpec): Promise<EncoderSpec> {
  return mapPaths(encoder, async (file) => {
    if (isConfined(file) && (await staysBelow(folder, file))) return path.resolve(folder, file);
    throw new ModelError(
      `Cannot load the model "${folder}": its encoder ${JSON.stringify(file)} is outside the model's folder. ` +
        'If you trust the model, copy the folder of the encoder into it and correct "path" in model.json.',
      folder,
    );
  });
}

/** @param change - Gets a path, and the position of its encoder if there are several. */
async function mapPaths(
  encoder: EncoderSpec,
  change: (file: string, position: string[]) => Promise<string>,
): Promise<EncoderSpec> {
  const mapSingle = async (single: SingleEncoderSpec, position: string[]): Promise<SingleEncoderSpec> => {
    if (single.kind === 'builtin') return single;
    return { ...single, path: await change(single.path, position) } satisfies ModelOnDiskSpec;
  };
  if (encoder.kind !== 'joined') return mapSingle(encoder, []);
  const encoders: SingleEncoderSpec[] = [];
  for (const single of encoder.encoders)
    encoders.push(await mapSingle(single, [String(encoders.length + 1)]));
  return { ...encoder, encoders };
}
