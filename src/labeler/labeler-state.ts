import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.js';
import type { RecurrentState } from '../recurrent/contract.js';

/**
 * Everything that a labeler carries from one chunk of a video to the next. Each video has a lane of the batch.
 *
 * The receiver of a state owns it and disposes it. No function disposes a state that it is given.
 */
export type LabelerState = {
  /** The last frame's features, float32 `[batch, featureSize]`. */
  previousFeatures: Tensor2D;
  /** Whether there was a previous frame, bool `[batch, 1]`. The first frame of a video has no motion. */
  hasPrevious: Tensor2D;
  /** Running sum of the magnitude of each feature's change, float32 `[batch, featureSize]`. 0 without the input `motion`. */
  motionSum: Tensor2D;
  /** Total weight of that sum, 0 to 1, float32 `[batch, 1]`. */
  motionWeight: Tensor2D;
  /** State of each recurrent layer, from the input to the output. */
  recurrent: RecurrentState[];
};

/** The state before the first frame of a video. The caller disposes it. */
export function initialState(
  batchSize: number,
  featureSize: number,
  recurrent: RecurrentState[],
): LabelerState {
  return {
    previousFeatures: tf.zeros([batchSize, featureSize]),
    hasPrevious: tf.zeros([batchSize, 1], 'bool'),
    motionSum: tf.zeros([batchSize, featureSize]),
    motionWeight: tf.zeros([batchSize, 1]),
    recurrent,
  };
}

/**
 * Resets the lanes in which a new video begins.
 *
 * @param keep - For each lane, whether its state is kept.
 * @returns A new state. The caller disposes both.
 * @throws {ShapeError} If there is not one flag per lane.
 */
export function resetLanes(state: LabelerState, keep: readonly boolean[]): LabelerState {
  const [batchSize] = state.hasPrevious.shape;
  if (keep.length !== batchSize) {
    throw new ShapeError('The lanes to keep', `${batchSize} flags`, String(keep.length));
  }
  return tf.tidy(() => {
    const isKept = tf.tensor2d([...keep], [batchSize, 1], 'bool');
    // Selects instead of multiplying, because 0 · ∞ is NaN.
    const zeroUnlessKept = (tensor: Tensor2D) => tf.where<Tensor2D>(isKept, tensor, tf.zerosLike(tensor));
    return {
      previousFeatures: zeroUnlessKept(state.previousFeatures),
      hasPrevious: tf.logicalAnd<Tensor2D>(state.hasPrevious, isKept),
      motionSum: zeroUnlessKept(state.motionSum),
      motionWeight: zeroUnlessKept(state.motionWeight),
      recurrent: state.recurrent.map((layer) => mapTensors(layer, zeroUnlessKept)),
    };
  });
}

/** Copies a state. The caller disposes both. */
export function cloneState(state: LabelerState): LabelerState {
  return mapState(state, tf.clone);
}

/** Takes a state out of the reach of `tf.tidy` and of gradient scopes, which would dispose it at their end. */
export function keepState(state: LabelerState): LabelerState {
  return mapState(state, tf.keep);
}

/** Frees a state's tensors. */
export function disposeState(state: LabelerState): void {
  tf.dispose(state);
}

function mapState(state: LabelerState, change: (tensor: Tensor2D) => Tensor2D): LabelerState {
  const { recurrent, ...own } = state;
  return { ...mapTensors(own, change), recurrent: recurrent.map((layer) => mapTensors(layer, change)) };
}

function mapTensors<T extends Partial<Record<keyof T, Tensor2D>>>(
  tensors: T,
  change: (tensor: Tensor2D) => Tensor2D,
): T {
  const entries = Object.entries(tensors as Record<string, Tensor2D>);
  return Object.fromEntries(entries.map(([name, tensor]) => [name, change(tensor)])) as T;
}

/** Copies the values of a state's tensors, by name, as a checkpoint keeps them. */
export async function exportState(state: LabelerState): Promise<Map<string, Float32Array>> {
  const { recurrent, ...own } = state;
  const tensors: [string, Tensor2D][] = [
    ...Object.entries(own),
    ...recurrent.flatMap((layer, index) =>
      Object.entries(layer).map(([name, tensor]): [string, Tensor2D] => [`${index}.${name}`, tensor]),
    ),
  ];
  const values = tensors.map(async ([name, tensor]): Promise<[string, Float32Array]> => {
    return [name, Float32Array.from(await tensor.data())];
  });
  return new Map(await Promise.all(values));
}

/**
 * Makes a state of what {@link exportState} gave. The caller disposes it.
 *
 * @throws {ShapeError} If it is not all there.
 */
export function importState(values: ReadonlyMap<string, Float32Array>): LabelerState {
  const batchSize = values.get('hasPrevious')?.length ?? 0;
  const tensorOf = (name: string, dtype: 'float32' | 'bool' = 'float32'): Tensor2D => {
    const numbers = values.get(name);
    if (!numbers) throw new ShapeError("A labeler's state", `values of ${name}`, 'none');
    return tf.tensor2d([...numbers], [batchSize, numbers.length / batchSize], dtype);
  };
  const recurrent: RecurrentState[] = [];
  for (const key of values.keys()) {
    const [layer, name] = key.split('.');
    if (name === undefined) continue;
    const index = Number(layer);
    recurrent[index] = { ...recurrent[index], [name]: tensorOf(key) } as RecurrentState;
  }
  return {
    previousFeatures: tensorOf('previousFeatures'),
    hasPrevious: tensorOf('hasPrevious', 'bool'),
    motionSum: tensorOf('motionSum'),
    motionWeight: tensorOf('motionWeight'),
    recurrent,
  };
}
