import { createHash } from 'node:crypto';
import path from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { EncoderError } from '../../errors.js';
import { isConfined, MAX_BINARY_BYTES, readRegularFile, staysBelow } from '../../runtime/input-file.js';
import { locateAsset } from '../../runtime/locate-asset.js';
import { writeFileAtomic } from '../../runtime/output-file.js';

const weight = z.looseObject({
  name: z.string(),
  dtype: z.enum(['float32', 'int32', 'bool', 'complex64']),
  shape: z.array(z.int().min(0)),
  quantization: z.looseObject({ dtype: z.enum(['uint8', 'uint16', 'float16']) }).optional(),
});

/**
 * The part of tfjs's `model.json` that is used. Everything else is left out, also `modelInitializer`, a second graph that
 * tfjs would run while it loads the first one.
 */
const modelJson = z.object({
  format: z.string().optional(),
  signature: z.looseObject({}).optional(),
  userDefinedMetadata: z.record(z.string(), z.custom<object>()).optional(),
  modelTopology: z.looseObject({}),
  weightsManifest: z
    .array(z.looseObject({ paths: z.array(z.string()), weights: z.array(weight) }))
    .refine(
      (manifest) => areDistinct(manifest.flatMap(({ paths }) => paths)),
      'a file of weights is named twice',
    ),
});

/** The topology of a network with thousands of nodes has a few megabytes. */
const MAX_TOPOLOGY_BYTES = 2 ** 28;

const BYTES_PER_VALUE = { float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2 };

/** A model read from disk. */
export interface ModelFiles {
  artifacts: io.ModelArtifacts;
  /** SHA-256 of the topology and the weights, hexadecimal. */
  sha256: string;
}

/**
 * Path of a network of the npm package `@vladmandic/human`, which ships some for offline use.
 *
 * @param fileName - Name of its topology, such as `movenet-lightning.json`. `scripts/build.mjs` lists those that are built
 *   into this package.
 * @throws {EncoderError} If it is missing.
 */
export function locateHumanModel(fileName: string): string {
  try {
    return locateAsset('@vladmandic/human', `models/${fileName}`);
  } catch (cause) {
    throw new EncoderError(
      `The built-in encoder has lost its network ${fileName}; run "npm install" again.`,
      {
        cause,
      },
    );
  }
}

/**
 * Reads a tfjs graph or layers model, without fetch, and checks that all its weights are there. The files may come from
 * anywhere: weights are read only from the model's folder, and only as many bytes as the model declares.
 *
 * @param file - Path of its `model.json`. The weights lie in the same folder or below it.
 * @throws {EncoderError} If a file is missing, damaged, too large, no regular file, or outside the folder.
 */
export async function readModelFiles(file: string): Promise<ModelFiles> {
  const { text, json, shards } = await readFiles(file);
  const { modelTopology, weightsManifest, ...rest } = json;
  const weightData = Buffer.concat([...shards.values()]);
  const hash = createHash('sha256').update(text).update(weightData);
  return {
    artifacts: {
      ...rest,
      modelTopology,
      weightSpecs: specsOf(weightsManifest),
      weightData: new Uint8Array(weightData).buffer, // tfjs takes an ArrayBuffer, and small Buffers share one.
    },
    sha256: hash.digest('hex'),
  };
}

/**
 * Copies a tfjs graph or layers model with its weights.
 *
 * @param file - Path of its `model.json`.
 * @param target - Path of the copy of `model.json`. Missing folders are created.
 * @throws {EncoderError} Like {@link readModelFiles}.
 * @throws {OutputError} If the copy cannot be written.
 */
export async function copyModelFiles(file: string, target: string): Promise<void> {
  const { text, shards } = await readFiles(file);
  for (const [name, bytes] of shards) await writeFileAtomic(path.join(path.dirname(target), name), bytes);
  await writeFileAtomic(target, text);
}

interface RawFiles {
  text: Buffer;
  json: z.infer<typeof modelJson>;
  /** Content by file name, in the order of the weights. */
  shards: Map<string, Buffer>;
}

async function readFiles(file: string): Promise<RawFiles> {
  const text = await readPart(file, file, MAX_TOPOLOGY_BYTES);
  const json = parse(file, text);
  const declaredBytes = countBytes(specsOf(json.weightsManifest));
  if (declaredBytes > MAX_BINARY_BYTES) {
    throw new EncoderError(
      `The encoder model "${file}" declares ${declaredBytes} bytes of weights; at most ${MAX_BINARY_BYTES} are read.`,
    );
  }
  const shards = new Map<string, Buffer>();
  let receivedBytes = 0;
  for (const name of json.weightsManifest.flatMap(({ paths }) => paths)) {
    const shard = await readShard(file, name, declaredBytes - receivedBytes);
    shards.set(name, shard);
    receivedBytes += shard.length;
  }
  if (receivedBytes === declaredBytes) return { text, json, shards };
  throw new EncoderError(
    `The weights of "${file}" are damaged: expected ${declaredBytes} bytes, received ${receivedBytes}. Copy them again.`,
  );
}

function specsOf(manifest: z.infer<typeof modelJson>['weightsManifest']): io.WeightsManifestEntry[] {
  return manifest.flatMap(({ weights }) => weights);
}

async function readShard(model: string, name: string, maxBytes: number): Promise<Buffer> {
  const folder = path.dirname(model);
  if (isConfined(name) && (await staysBelow(folder, name))) {
    return readPart(model, path.join(folder, name), maxBytes, true);
  }
  throw new EncoderError(
    `The encoder model "${model}" names the weights ${JSON.stringify(name)}, which are outside its folder. ` +
      'Do not use this model if you do not trust its source; otherwise put its weights beside it.',
  );
}

async function readPart(model: string, file: string, maxBytes: number, noFollow = false): Promise<Buffer> {
  try {
    return await readRegularFile(file, { maxBytes, noFollow });
  } catch (cause) {
    const message = `Cannot read "${file}" of the encoder model "${model}": ${(cause as Error).message}.`;
    throw new EncoderError(
      `${message} Name the model.json of a TensorFlow.js model, with its weights beside it.`,
      { cause },
    );
  }
}

function parse(file: string, text: Buffer): z.infer<typeof modelJson> {
  try {
    return modelJson.parse(JSON.parse(text.toString()));
  } catch (cause) {
    const reason =
      cause instanceof z.ZodError ? z.prettifyError(cause).replace(/\s+/g, ' ') : (cause as Error).message;
    throw new EncoderError(
      `The encoder model "${file}" is damaged or no TensorFlow.js model: ${reason}. Copy or convert it again.`,
      { cause },
    );
  }
}

function areDistinct(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

/** Counts the bytes that tfjs reads for these weights. It would read past the end of fewer, and ignore the rest of more. */
function countBytes(specs: readonly io.WeightsManifestEntry[]): number {
  const bytesOf = ({ dtype, shape, quantization }: io.WeightsManifestEntry): number =>
    shape.reduce(
      (product, size) => product * size,
      BYTES_PER_VALUE[quantization?.dtype ?? (dtype as 'float32')],
    );
  return specs.reduce((sum, spec) => sum + bytesOf(spec), 0);
}
