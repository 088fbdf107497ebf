import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { createFrameEncoder, type FrameEncoderOptions } from '../../encoder/create-frame-encoder.js';
import type { FrameEncoder } from '../../encoder/frame-encoder.js';
import { ModelError } from '../../errors.js';
import { readRegularFile } from '../../runtime/input-file.js';
import { writeFileAtomic } from '../../runtime/output-file.js';
import { TensorFileError } from '../../tensors/tensor-file.js';
import { firstIssue } from '../labeler-config.js';
import { TemporalLabeler } from '../temporal-labeler.js';
import { bundleEncoder, locateEncoder } from './bundled-encoder.js';
import { countWeightBytes } from './labeler-weights.js';
import {
  MODEL_FORMAT,
  MODEL_FORMAT_VERSION,
  modelDescriptionSchema,
  type ModelDescription,
} from './model-description.js';
import {
  decodeWeights,
  EARLIER_WEIGHTS_FILE,
  encodeWeights,
  WEIGHTS_FILE,
  weightsFileOf,
} from './weights-file.js';

export type { ModelDescription } from './model-description.js';

/** File in a model's folder that describes the model. */
export const MODEL_FILE = 'model.json';

/** Most bytes of `model.json`. Thousands of labels with their transitions take some megabytes. */
const MAX_DESCRIPTION_BYTES = 2 ** 28;
/** Most bytes of a file with weights besides their values. */
const MAX_HEADER_BYTES = 2 ** 20;

/** A trained model: the labeler, and what `model.json` says besides its network. */
export interface TrainedModel extends Omit<
  ModelDescription,
  'format' | 'formatVersion' | 'network' | 'temperature' | 'weights' | 'checksum'
> {
  labeler: TemporalLabeler;
}

/**
 * Saves a model as a folder with `model.json`, `weights.safetensors` and the files of an encoder that does not ship with
 * framewise. The weights are written first. If saving stops before `model.json`, loading reports that the checksum does not match.
 *
 * @param folder - Created if missing. A model that is already there is replaced.
 * @throws {ModelError} If the description is impossible, or a weight is not finite.
 * @throws {OutputError} If the files cannot be written.
 */
export async function saveModel(folder: string, { labeler, ...about }: TrainedModel): Promise<void> {
  const weights = await labeler.exportWeights();
  expectFinite(weights, 'Cannot save', folder);
  const { bytes, checksum } = encodeWeights(labeler.config, weights);
  const parsed = modelDescriptionSchema.safeParse({
    ...about,
    encoder: await bundleEncoder(folder, about.encoder),
    format: MODEL_FORMAT,
    formatVersion: MODEL_FORMAT_VERSION,
    network: labeler.config,
    temperature: labeler.temperature,
    checksum,
  } satisfies ModelDescription);
  if (!parsed.success) {
    throw new ModelError(`Cannot save the model "${folder}": ${firstIssue(parsed.error)}.`, folder);
  }
  await writeFileAtomic(path.join(folder, WEIGHTS_FILE), bytes);
  await writeFileAtomic(path.join(folder, MODEL_FILE), `${JSON.stringify(parsed.data, undefined, 2)}\n`);
  await rm(path.join(folder, EARLIER_WEIGHTS_FILE), { force: true }); // Left by a model that was replaced.
}

/**
 * Loads a model that this or an earlier version of framewise saved.
 *
 * @returns The labeler, which the caller disposes, and the description with an absolute path of the encoder.
 * @throws {ModelError} If the folder holds no model, a damaged one, or one of a later version.
 */
export async function loadModel(
  folder: string,
): Promise<{ labeler: TemporalLabeler; description: ModelDescription }> {
  const description = await readDescription(folder);
  const weights = await readWeights(folder, description);
  expectFinite(weights, 'Cannot load', folder);
  const labeler = TemporalLabeler.fromWeights(description.network, weights);
  labeler.temperature = description.temperature;
  return { labeler, description };
}

/**
 * Creates the encoder of a model and checks that the model was trained on it. The caller disposes it.
 *
 * @param modelDir - The model's folder, for error messages.
 * @throws {ModelError} If this machine's encoder is a different one.
 * @throws As `createFrameEncoder` does.
 */
export async function createModelEncoder(
  modelDir: string,
  { encoder: spec, encoderId, network }: ModelDescription,
  options: FrameEncoderOptions,
): Promise<FrameEncoder> {
  const encoder = await createFrameEncoder(spec, options);
  if (encoder.id === encoderId && encoder.featureSize === network.featureSize) return encoder;
  encoder.dispose();
  throw new ModelError(
    `The model "${modelDir}" was trained on the encoder ${encoderId} with ${network.featureSize} features; ` +
      `this one is ${encoder.id} with ${encoder.featureSize}. ` +
      'Train the model again, or bring back the encoder it was trained on.',
    modelDir,
  );
}

async function readWeights(
  folder: string,
  description: ModelDescription,
): Promise<Map<string, Float32Array>> {
  const maxBytes = countWeightBytes(description.network) + MAX_HEADER_BYTES;
  const bytes = await readModelFile(folder, weightsFileOf(description), maxBytes);
  try {
    return decodeWeights(description, bytes);
  } catch (cause) {
    if (!(cause instanceof TensorFileError)) throw cause;
    throw new ModelError(
      `Cannot load the model "${folder}": ${cause.message}. Train it again or fetch a fresh copy.`,
      folder,
      { cause },
    );
  }
}

async function readDescription(folder: string): Promise<ModelDescription> {
  const text = (await readModelFile(folder, MODEL_FILE, MAX_DESCRIPTION_BYTES)).toString('utf8');
  const refuse = (what: string, options?: ErrorOptions) =>
    new ModelError(`Cannot load the model "${folder}": ${MODEL_FILE} ${what}`, folder, options);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    // The parser may quote the text with its line breaks.
    const reason = (cause as Error).message.replaceAll(/\s+/g, ' ');
    throw refuse(`is not JSON: ${reason}. Train the model again or fetch a fresh copy.`, { cause });
  }
  const { format, formatVersion } = Object(json) as { format?: unknown; formatVersion?: number };
  if (format !== MODEL_FORMAT) {
    const received = JSON.stringify(format) ?? 'none';
    throw refuse(`is of another kind: expected the format "${MODEL_FORMAT}", received ${received}.`);
  }
  const isReadable =
    Number.isInteger(formatVersion) && formatVersion! >= 1 && formatVersion! <= MODEL_FORMAT_VERSION;
  if (!isReadable) {
    const received = JSON.stringify(formatVersion) ?? 'none';
    throw refuse(
      `has format version ${received}, and this framewise reads versions 1 to ${MODEL_FORMAT_VERSION}. Update framewise.`,
    );
  }
  const parsed = modelDescriptionSchema.safeParse(json);
  if (!parsed.success) throw refuse(`is not valid: ${firstIssue(parsed.error)}.`, { cause: parsed.error });
  return { ...parsed.data, encoder: await locateEncoder(folder, parsed.data.encoder) };
}

async function readModelFile(folder: string, file: string, maxBytes: number): Promise<Buffer> {
  try {
    return await readRegularFile(path.join(folder, file), { maxBytes });
  } catch (cause) {
    const isFolder = await stat(folder).then(
      (found) => found.isDirectory(),
      () => undefined,
    );
    const { code, message } = cause as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    let what = `${file} cannot be read: ${message}`;
    if (isFolder === undefined && isMissing) what = 'there is no such folder';
    else if (isFolder === false) what = 'it is not a folder';
    else if (isMissing) what = `there is no ${file} in it`;
    throw new ModelError(
      `Cannot load the model "${folder}": ${what}. Name a folder that holds a trained model.`,
      folder,
      {
        cause,
      },
    );
  }
}

function expectFinite(weights: ReadonlyMap<string, Float32Array>, doing: string, folder: string): void {
  for (const [name, values] of weights) {
    if (!values.every(Number.isFinite)) {
      throw new ModelError(
        `${doing} the model "${folder}": its weight ${name} holds a value that is not finite. ` +
          'Train it again, with a lower learning rate if the training diverged.',
        folder,
      );
    }
  }
}
