import * as tf from '@tensorflow/tfjs-core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.js';
import { createCell } from '../recurrent/cells/create-cell.js';
import type { RecurrentCell, RecurrentState, RecurrentWeights, WeightSpec } from '../recurrent/contract.js';
import { unroll } from '../recurrent/unroll.js';
import type { LabelerConfig } from './labeler-config.js';

/** Options of a forward pass for training. */
export interface ForwardOptions {
  /** Whether dropout is on. */
  training?: boolean;
  /** Seed of dropout. Use another one for each training step. */
  seed?: number;
  /**
   * 1 for a frame and 0 for padding at the end of a shorter video, float32 `[batch, time]`. The backward direction skips padding.
   * The forward direction need not.
   */
  mask?: Tensor2D;
}

/** Prefix of the names of a layer's weights, by direction. */
const FORWARD = '';
const BACKWARD = 'backward.';

/**
 * The recurrent layers of a labeler, from the input to the output, with dropout before each. A bidirectional layer concatenates
 * the outputs of both directions. Without a cell there is only dropout.
 */
export class RecurrentStack {
  readonly #config: LabelerConfig;
  readonly #cell: RecurrentCell | undefined;
  readonly #numLayers: number;

  constructor(config: LabelerConfig) {
    this.#config = config;
    const { cell, units, layers } = config;
    this.#cell = cell === 'none' ? undefined : createCell(cell, units);
    this.#numLayers = this.#cell ? layers : 0;
  }

  /** Width of the output. */
  get outputSize(): number {
    const { units, bidirectional, projectionUnits } = this.#config;
    if (!this.#cell) return projectionUnits;
    return bidirectional ? 2 * units : units;
  }

  /** Weights of the layers: `recurrent.<layer>.kernel` and so on, `recurrent.<layer>.backward.kernel` for the backward direction. */
  weightSpecs(): (WeightSpec & { name: string })[] {
    const directions = this.#config.bidirectional ? [FORWARD, BACKWARD] : [FORWARD];
    return Array.from({ length: this.#numLayers }, (_, layer) => {
      const specs = this.#cell!.weightSpecs(layer === 0 ? this.#config.projectionUnits : this.outputSize);
      return directions.flatMap((direction) =>
        Object.entries(specs).map(([name, spec]) => ({
          name: `recurrent.${layer}.${direction}${name}`,
          ...spec,
        })),
      );
    }).flat();
  }

  /** States of zeros. The caller disposes them. */
  initialState(batchSize: number): RecurrentState[] {
    return Array.from({ length: this.#numLayers }, () => this.#cell!.initialState(batchSize));
  }

  /**
   * Runs a chunk of each of several videos. The forward direction continues from the given states, and the backward direction
   * starts from zeros at the end of the chunk. Call inside `tf.tidy`.
   *
   * @param weights - Finds a weight by its name.
   * @param inputs - float32 `[batch, time, projectionUnits]`.
   * @param states - State of the forward direction of each layer.
   * @returns float32 `[batch, time, outputSize]`, and the states after the chunk.
   * @throws {ShapeError} If inputs, states and mask do not fit each other or the layers.
   */
  run(
    weights: { get: (name: string) => Tensor2D },
    inputs: Tensor3D,
    states: readonly RecurrentState[],
    { training = false, seed = 0, mask }: ForwardOptions,
  ): { outputs: Tensor3D; states: RecurrentState[] } {
    const cell = this.#cell;
    const { dropout, bidirectional } = this.#config;
    if (states.length !== this.#numLayers) {
      throw new ShapeError("The state's recurrent layers", String(this.#numLayers), String(states.length));
    }
    const dropped = (values: Tensor3D, layer: number): Tensor3D =>
      training ? (tf.dropout(values, dropout, undefined, `${seed}.${layer}`) as Tensor3D) : values;
    if (!cell) return { outputs: dropped(inputs, 0), states: [] };

    let outputs = inputs;
    const after = states.map((state, layer): RecurrentState => {
      const seen = dropped(outputs, layer);
      const forward = unroll(cell, layerWeights(weights, layer, FORWARD), seen, state);
      outputs = forward.outputs;
      if (bidirectional) {
        const end = cell.initialState(seen.shape[0]);
        const backwardWeights = layerWeights(weights, layer, BACKWARD);
        const backward = unroll(cell, backwardWeights, seen, end, {
          isReversed: true,
          mask,
        });
        outputs = tf.concat([forward.outputs, backward.outputs], 2);
      }
      return forward.finalState;
    });
    return { outputs, states: after };
  }
}

function layerWeights(
  weights: { get: (name: string) => Tensor2D },
  layer: number,
  direction: string,
): RecurrentWeights {
  const weight = (name: keyof RecurrentWeights) => weights.get(`recurrent.${layer}.${direction}${name}`);
  return { kernel: weight('kernel'), recurrentKernel: weight('recurrentKernel'), bias: weight('bias') };
}
