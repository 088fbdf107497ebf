import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { EncoderError } from '../../errors.js';

const weight = z.looseObject({
  name: z.string(),
  dtype: z.enum(['float32', 'int32', 'bool', 'string', 'complex64']),
  shape: z.array(z.int().min(0)),
  quantization: z.looseObject({ dtype: z.enum(['uint8', 'uint16', 'float16']) }).optional(),
});

/** The part of tfjs's `model.json` that every format shares. */
const modelJson = z.looseObject({
  modelTopology: z.looseObject({}),
  weightsManifest: z.array(z.looseObject({ paths: z.array(z.string()), weights: z.array(weight) })),
});

const BYTES_PER_VALUE = { float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2 };

/** A model read from disk. */
export interface ModelFiles {
  artifacts: io.ModelArtifacts;
  /** SHA-256 of the topology and the weights, hexadecimal. */
  sha256: string;
}

/**
 * Reads a tfjs graph or layers model, without fetch, and checks that all its weights are there.
 *
 * @param file - Path of its `model.json`; the weights lie beside it.
 * @throws {EncoderError} If a file is missing or damaged.
 */
export async function readModelFiles(file: string): Promise<ModelFiles> {
  const text = await readPart(file, file);
  const { modelTopology, weightsManifest, ...rest } = parse(file, text);
  const shardNames = weightsManifest.flatMap(({ paths }) => paths);
  const shards = await Promise.all(
    shardNames.map((name) => readPart(file, path.join(path.dirname(file), name))),
  );
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights) as io.WeightsManifestEntry[];
  const weightData = Buffer.concat(shards);
  checkSize(file, weightSpecs, weightData.byteLength);

  const hash = createHash('sha256').update(text).update(weightData);
  return {
    // A copy of its own, as tfjs takes an ArrayBuffer and small Buffers share one.
    artifacts: { ...rest, modelTopology, weightSpecs, weightData: new Uint8Array(weightData).buffer },
    sha256: hash.digest('hex'),
  };
}

async function readPart(model: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const message = `Cannot read "${file}" of the encoder model "${model}": ${(cause as Error).message}.`;
    throw new EncoderError(
      `${message} Name the model.json of a TensorFlow.js model, with its weights beside it.`,
      {
        cause,
      },
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

/** tfjs itself would read past the end, or ignore the rest. */
function checkSize(file: string, specs: io.WeightsManifestEntry[], received: number): void {
  let expected = 0;
  for (const { dtype, shape, quantization } of specs) {
    if (dtype === 'string') return; // Only its content tells how long a string is.
    expected += shape.reduce(
      (product, size) => product * size,
      BYTES_PER_VALUE[quantization?.dtype ?? dtype],
    );
  }
  if (received === expected) return;
  throw new EncoderError(
    `The weights of "${file}" are damaged: expected ${expected} bytes, received ${received}. Copy them again.`,
  );
}
