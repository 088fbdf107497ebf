import * as tf from '@tensorflow/tfjs-core';
import { EncoderError } from '../../errors.js';
import { encoderId, encoderName, type EncoderModel, type Network } from './encoder-model.js';
import type { ModelOnDiskSpec } from '../encoder-spec.js';
import { loadGraphNetwork } from './graph-network.js';
import { readModelFiles } from './model-files.js';

/** Power to which heatmaps are raised before their center is computed, so that the peak outweighs its surroundings. */
const SHARPNESS = 4;

/** Prevents division by zero for a heatmap of zeros. */
const TINY = 1e-12;

/**
 * Loads one network onto the running backend, and runs it on two pictures to check that its declaration holds.
 *
 * @param name - For the id. Default: the name of the file, or of its folder if the file is `model.json`.
 * @throws {EncoderError} If a file is missing or damaged, a node is absent, or input or output have other shapes.
 */
export async function loadNetworkEncoder(
  declared: ModelOnDiskSpec,
  name = encoderName(declared.path),
): Promise<EncoderModel> {
  const { artifacts, sha256 } = await readModelFiles(declared.path);
  const network = await loadNetwork(declared, artifacts);
  try {
    checkInput(declared, network);
    const featureSize = tryNetwork(declared, network);
    return {
      id: identify(name, declared, sha256),
      inputWidth: declared.inputWidth,
      inputHeight: declared.inputHeight,
      pictureFit: 'fill',
      pixelRange: declared.pixelRange,
      featureSize,
      // eslint-disable-next-line @typescript-eslint/require-await -- an error must reject the promise
      run: async (pictures) =>
        tf.tidy(() => poolOverSpace(declared, network.execute(pictures), pictures.shape[0])),
      dispose: () => network.dispose(),
    };
  } catch (error) {
    network.dispose();
    throw error;
  }
}

async function loadNetwork(spec: ModelOnDiskSpec, artifacts: tf.io.ModelArtifacts): Promise<Network> {
  const isGraph = Array.isArray((artifacts.modelTopology as { node?: unknown }).node);
  if (isGraph !== (spec.kind === 'graph')) {
    const kind = isGraph ? 'graph' : 'layers';
    throw new EncoderError(
      `"${spec.path}" is a ${kind} model; its description says "${spec.kind}". Correct "kind".`,
    );
  }
  try {
    if (spec.kind === 'graph') return await loadGraphNetwork(spec, artifacts);
    const { loadLayersNetwork } = await import('./layers-network.js'); // Most runs need no tfjs-layers.
    return await loadLayersNetwork(spec, artifacts);
  } catch (cause) {
    if (cause instanceof EncoderError) throw cause;
    const message = `The encoder model "${spec.path}" cannot be loaded as a ${spec.kind} model: ${reasonOf(cause)}`;
    throw new EncoderError(message, { cause });
  }
}

function checkInput(spec: ModelOnDiskSpec, { inputShape }: Network): void {
  if (!inputShape) return;
  const declared = [null, spec.inputHeight, spec.inputWidth, 3];
  const isFree = (size: number | null | undefined): boolean => size === null || size === -1;
  if (inputShape.length === 4 && inputShape.every((size, axis) => isFree(size) || size === declared[axis]))
    return;
  const received = inputShape.map((size) => (isFree(size) ? 'any' : size)).join(', ');
  throw new EncoderError(
    `The encoder model "${spec.path}" takes [${received}]; expected [any, ${declared.slice(1).join(', ')}], batch, ` +
      `height, width and RGB, as its description declares. Correct "inputWidth" and "inputHeight", or convert it again.`,
  );
}

/** Runs the network on two pictures, because one picture would not reveal a fixed batch size. @returns The feature size. */
function tryNetwork(spec: ModelOnDiskSpec, network: Network): number {
  const shape: [number, number, number, number] = [2, spec.inputHeight, spec.inputWidth, 3];
  const gray = (spec.pixelRange[0] + spec.pixelRange[1]) / 2;
  try {
    return tf.tidy(() => poolOverSpace(spec, network.execute(tf.fill(shape, gray)), 2).shape[1]);
  } catch (cause) {
    if (cause instanceof EncoderError) throw cause;
    const message = `The encoder model "${spec.path}" fails on float32 [${shape.join(', ')}]: ${reasonOf(cause)}`;
    throw new EncoderError(message, { cause });
  }
}

function poolOverSpace(spec: ModelOnDiskSpec, output: tf.Tensor, numFrames: number): tf.Tensor2D {
  if (output.dtype === 'float32' && output.shape[0] === numFrames) {
    if (output.rank === 2) return output as tf.Tensor2D;
    if (output.rank === 4) {
      return spec.pooling === 'peaks' ? findPeaks(output as tf.Tensor4D) : tf.mean(output, [1, 2]);
    }
  }
  throw new EncoderError(
    `The encoder model "${spec.path}" gives ${output.dtype} [${output.shape.join(', ')}]; expected float32 ` +
      `[${numFrames}, features] or [${numFrames}, height, width, channels]. Choose another "outputNode".`,
  );
}

/**
 * Finds the position and height of each heatmap's peak. The position is the center of mass of the sharpened map, which
 * moves smoothly where an arg-max would jump.
 *
 * @param heatmaps - Non-negative, float32 `[batch, height, width, channels]`.
 * @returns float32 `[batch, 3 · channels]`: x of every channel from the left, then y from the top, both 0 to 1, then the
 *   heights. The caller disposes it; call inside `tf.tidy`.
 */
export function findPeaks(heatmaps: tf.Tensor4D): tf.Tensor2D {
  const [, height, width] = heatmaps.shape;
  const mass = tf.pow(heatmaps, SHARPNESS);
  const total = tf.add(tf.sum(mass, [1, 2]), TINY); // [batch, channels]
  const center = (axis: 1 | 2, size: number): tf.Tensor => {
    const places = tf.div(tf.add(tf.range(0, size), 0.5), size);
    const alongAxis = tf.sum(mass, axis === 1 ? 2 : 1); // [batch, size, channels]
    return tf.div(tf.sum(tf.mul(alongAxis, tf.reshape(places, [1, size, 1])), 1), total);
  };
  return tf.concat([center(2, width), center(1, height), tf.max(heatmaps, [1, 2])], 1) as tf.Tensor2D;
}

function identify(name: string, declared: ModelOnDiskSpec, sha256: string): string {
  const feeding = Object.entries(declared).filter(([field]) => field !== 'path');
  return encoderId(name, sha256, JSON.stringify(feeding.sort()));
}

/** One short line, because tfjs may put a whole topology into a message. */
function reasonOf(cause: unknown): string {
  return String((cause as { message?: unknown }).message ?? cause)
    .replace(/\s+/g, ' ')
    .slice(0, 300);
}
