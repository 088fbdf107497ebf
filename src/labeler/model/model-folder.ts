import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { endianness } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { EncoderSpec, SingleEncoderSpec } from '../../encoder/encoder-spec.js';
import { ModelError } from '../../errors.js';
import { writeFileAtomic } from '../../runtime/output-file.js';
import { firstIssue } from '../labeler-config.js';
import { labelerWeightSpecs } from './labeler-weights.js';
import { MODEL_FORMAT, MODEL_FORMAT_VERSION, modelDescriptionSchema } from './model-description.js';
import type { ModelDescription } from './model-description.js';
import { TemporalLabeler } from '../temporal-labeler.js';

export type { ModelDescription } from './model-description.js';

/** File of a model's folder that describes it. */
export const MODEL_FILE = 'model.json';

const WEIGHTS_FILE = 'weights.bin';

/** A trained model: the network, and what is known of it. What the network itself tells is not asked for. */
export interface TrainedModel extends Omit<
  ModelDescription,
  'format' | 'formatVersion' | 'network' | 'temperature' | 'weights' | 'checksum'
> {
  labeler: TemporalLabeler;
}

/**
 * Saves a model as a folder of `model.json` and `weights.bin`. The weights go first: a save that breaks off between
 * the two leaves a checksum that does not fit, which loading reports.
 *
 * @param folder - Made if missing; a model that is there is replaced.
 * @throws {ModelError} If the description is impossible, or a weight is not finite.
 * @throws {OutputError} If the files cannot be written.
 */
export async function saveModel(folder: string, { labeler, ...about }: TrainedModel): Promise<void> {
  const specs = labelerWeightSpecs(labeler.config);
  const weights = await labeler.exportWeights();
  expectFinite(weights, 'Cannot save', folder);
  const bytes = encodeWeights(specs.map(({ name }) => weights.get(name)!));
  const parsed = modelDescriptionSchema.safeParse({
    ...about,
    encoder: relocateEncoder(about.encoder, (file) => portablePath(folder, file)),
    format: MODEL_FORMAT,
    formatVersion: MODEL_FORMAT_VERSION,
    network: labeler.config,
    temperature: labeler.temperature,
    weights: specs.map(({ name, shape }) => ({ name, shape })),
    checksum: checksumOf(bytes),
  } satisfies ModelDescription);
  if (!parsed.success) {
    throw new ModelError(`Cannot save the model "${folder}": ${firstIssue(parsed.error)}.`, folder);
  }
  await writeFileAtomic(path.join(folder, WEIGHTS_FILE), bytes);
  await writeFileAtomic(path.join(folder, MODEL_FILE), `${JSON.stringify(parsed.data, undefined, 2)}\n`);
}

/**
 * Loads a model that {@link saveModel} wrote.
 *
 * @returns The network, which the caller disposes, and its description with the encoder's path made absolute.
 * @throws {ModelError} If the folder holds no model, a damaged one, or one of another version.
 */
export async function loadModel(
  folder: string,
): Promise<{ labeler: TemporalLabeler; description: ModelDescription }> {
  const description = await readDescription(folder);
  const bytes = await readModelFile(folder, WEIGHTS_FILE);
  const specs = labelerWeightSpecs(description.network);
  const refuse = (what: string) =>
    new ModelError(
      `Cannot load the model "${folder}": ${what}. Train it again or fetch a fresh copy.`,
      folder,
    );

  const listed = description.weights.map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
  const needed = specs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
  const misfit = needed.findIndex((weight, index) => weight !== listed[index]);
  if (misfit >= 0 || listed.length !== needed.length) {
    const position = misfit >= 0 ? misfit : needed.length;
    const [want, have] = [needed[position] ?? 'nothing more', listed[position] ?? 'nothing more'];
    throw refuse(`its weights do not fit its network: expected ${want}, received ${have}`);
  }
  const sizes = specs.map(({ shape }) => tf.util.sizeFromShape(shape));
  const expectedBytes = 4 * sizes.reduce((sum, size) => sum + size, 0);
  if (bytes.length !== expectedBytes) {
    throw refuse(`${WEIGHTS_FILE} should have ${expectedBytes} bytes and has ${bytes.length}`);
  }
  if (checksumOf(bytes) !== description.checksum) {
    throw refuse(`the checksum of ${WEIGHTS_FILE} is not the one in ${MODEL_FILE}; the file has changed`);
  }
  const values = decodeWeights(bytes, sizes);
  const weights = new Map(specs.map(({ name }, index) => [name, values[index]!]));
  expectFinite(weights, 'Cannot load', folder);
  const labeler = TemporalLabeler.fromWeights(description.network, weights);
  labeler.temperature = description.temperature;
  return { labeler, description };
}

async function readDescription(folder: string): Promise<ModelDescription> {
  const text = (await readModelFile(folder, MODEL_FILE)).toString('utf8');
  const refuse = (what: string, options?: ErrorOptions) =>
    new ModelError(`Cannot load the model "${folder}": ${MODEL_FILE} ${what}`, folder, options);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    // The parser may quote the text, line breaks and all.
    const reason = (cause as Error).message.replaceAll(/\s+/g, ' ');
    throw refuse(`is not JSON: ${reason}. Train it again or fetch a fresh copy.`, { cause });
  }
  const { format, formatVersion } = Object(json) as { format?: unknown; formatVersion?: unknown };
  if (format !== MODEL_FORMAT) {
    const received = JSON.stringify(format) ?? 'none';
    throw refuse(`is of another kind: expected the format "${MODEL_FORMAT}", received ${received}.`);
  }
  const isReadable = [...Array(MODEL_FORMAT_VERSION).keys()].some((before) => formatVersion === before + 1);
  if (!isReadable) {
    const received = JSON.stringify(formatVersion) ?? 'none';
    throw refuse(
      `has format version ${received}, and this framewise reads versions 1 to ${MODEL_FORMAT_VERSION}. Update framewise.`,
    );
  }
  const parsed = modelDescriptionSchema.safeParse(json);
  if (!parsed.success) throw refuse(`is not valid: ${firstIssue(parsed.error)}.`, { cause: parsed.error });
  const encoder = relocateEncoder(parsed.data.encoder, (file) => path.resolve(folder, file));
  return { ...parsed.data, encoder };
}

async function readModelFile(folder: string, file: string): Promise<Buffer> {
  try {
    return await readFile(path.join(folder, file));
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

function relocateEncoder(encoder: EncoderSpec, relocate: (file: string) => string): EncoderSpec {
  const relocateSingle = (single: SingleEncoderSpec): SingleEncoderSpec =>
    single.kind === 'builtin' ? single : { ...single, path: relocate(single.path) };
  if (encoder.kind !== 'joined') return relocateSingle(encoder);
  return { ...encoder, encoders: encoder.encoders.map(relocateSingle) };
}

/** A file inside the folder is named from there, so that the folder can move; any other by its absolute path. */
function portablePath(folder: string, file: string): string {
  const relative = path.relative(folder, file);
  const isInside = relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
  return isInside ? relative.split(path.sep).join('/') : path.resolve(file);
}

function expectFinite(weights: ReadonlyMap<string, Float32Array>, doing: string, folder: string): void {
  for (const [name, values] of weights) {
    if (!values.every(Number.isFinite)) {
      throw new ModelError(
        `${doing} the model "${folder}": its weight ${name} holds a value that is not finite. ` +
          'Train it again, with a lower learning rate if training ran away.',
        folder,
      );
    }
  }
}

function checksumOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function encodeWeights(weights: Float32Array[]): Buffer {
  return littleEndian(
    Buffer.concat(
      weights.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
    ),
  );
}

function decodeWeights(bytes: Buffer, sizes: number[]): Float32Array[] {
  const native = littleEndian(Buffer.from(bytes));
  let end = 0;
  return sizes.map((size) => {
    const begin = end;
    end += 4 * size;
    // A copy, since a float32 view has to begin at a multiple of four bytes.
    return new Float32Array(Uint8Array.from(native.subarray(begin, end)).buffer);
  });
}

/** Turns a number's bytes between this machine's order and little-endian. In place. */
function littleEndian(bytes: Buffer): Buffer {
  return endianness() === 'LE' ? bytes : bytes.swap32();
}
