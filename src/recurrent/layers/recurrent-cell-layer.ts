import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, type LayerVariable, type Shape } from '@tensorflow/tfjs-layers';
import { ShapeError, UsageError, WeightsError } from '../../errors.js';
import type { ActivationName } from '../cells/activations.js';
import { valuesInReach } from '../../tfjs/backend-memory.js';
import { expectShape } from '../../tfjs/expect-shape.js';
import { runnable, UnitForgetBias, type LayerInitializer } from './layer-initializers.js';
import type { RecurrentCell, RecurrentWeights } from '../contract.js';

type SimpleRNNCellArgs = Parameters<typeof layers.simpleRNNCell>[0];

/** Configuration of all recurrent layers: Keras's keys, spelled as in tf.layers. */
export interface RecurrentLayerConfig extends Omit<
  SimpleRNNCellArgs,
  'activation' | 'dropoutFunc' | 'activityRegularizer'
> {
  /** Width of the hidden state. */
  units: number;
  /** Activation of the candidate. Default `tanh`. null is `linear`. */
  activation?: ActivationName | null;
  /** Share of input features dropped in training, the same in all steps of a sequence, 0 to below 1. Default 0. */
  dropout?: number;
  /** Share of the hidden state dropped from the recurrent products in training, the same in all steps. Default 0. */
  recurrentDropout?: number;
  /** Seed of the dropout. Default: a random one. */
  seed?: number;
  /**
   * Whether the products with input and hidden state are each normalized to zero mean and unit variance and scaled by a
   * learned `gain`. This is slower, because the gates are not fused. Default false.
   */
  layerNormalization?: boolean;
}

/** Options of the cells, as Keras keys. A cell has some of them. */
export interface RecurrentCellOptions {
  activation: ActivationName;
  recurrentActivation?: ActivationName;
  resetAfter?: boolean;
  unitForgetBias?: boolean;
}

/**
 * The weights of a recurrent layer, which tf.layers calls its cell. It holds the configuration and creates the weights with
 * Keras's names, order and initial values. The {@link RecurrentCell} computes the step.
 */
export class RecurrentCellLayer extends layers.RNNCell {
  static className = 'FramewiseRecurrentCell';
  readonly stateSize: number | number[];
  readonly #args: RecurrentLayerConfig;
  readonly #options: RecurrentCellOptions;
  readonly #resolved: ReturnType<typeof layers.simpleRNNCell>;
  readonly #variables: Partial<Record<keyof RecurrentWeights, LayerVariable>> = {};
  #numFeatures = 0;

  /**
   * @param options - All options of the cell. They are saved in the configuration.
   * @throws {UsageError} If the configuration has an `activityRegularizer`.
   */
  constructor(
    readonly recurrentCell: RecurrentCell,
    args: RecurrentLayerConfig,
    options: RecurrentCellOptions,
  ) {
    super({});
    this.#args = args;
    this.#options = options;
    if ((args as { activityRegularizer?: unknown }).activityRegularizer) {
      throw new UsageError(
        'A recurrent layer has no activityRegularizer; regularize its output in another layer.',
      );
    }
    const { units, stateNames } = recurrentCell;
    this.stateSize = stateNames.length === 1 ? units : stateNames.map(() => units);
    // Resolves the names of initializers, regularizers and constraints. TensorFlow.js exports no other way.
    this.#resolved = layers.simpleRNNCell({
      ...args,
      activation: 'tanh',
      kernelInitializer: args.kernelInitializer ?? 'glorotUniform',
    });
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as number[];
    const numFeatures = shape.at(-1);
    if (!numFeatures) {
      throw new ShapeError(
        'The inputs of a recurrent layer',
        'a known number of features',
        String(numFeatures),
      );
    }
    this.#numFeatures = numFeatures;
    const specs = this.recurrentCell.weightSpecs(this.#numFeatures);
    const resolved = this.#resolved;
    const biasInitializer = this.#options.unitForgetBias
      ? new UnitForgetBias(resolved.biasInitializer)
      : resolved.biasInitializer;
    const add = (
      name: string,
      shape: number[],
      initializer: LayerInitializer,
      of: 'kernel' | 'recurrent' | 'bias',
    ) =>
      refusingUnfit(
        this.addWeight(
          name,
          shape,
          undefined,
          initializer,
          resolved[`${of}Regularizer`],
          true,
          resolved[`${of}Constraint`],
        ),
      );
    this.#variables.kernel = add(
      'kernel',
      specs.kernel.shape,
      runnable(resolved.kernelInitializer),
      'kernel',
    );
    this.#variables.recurrentKernel = add(
      'recurrent_kernel',
      specs.recurrentKernel.shape,
      runnable(resolved.recurrentInitializer),
      'recurrent',
    );
    if (resolved.useBias) this.#variables.bias = add('bias', specs.bias.shape, biasInitializer, 'bias');
    if (this.#args.layerNormalization) {
      const shape = [2, this.recurrentCell.numGates * this.recurrentCell.units];
      this.#variables.gain = refusingUnfit(this.addWeight('gain', shape, undefined, initializers.ones()));
    }
    this.built = true;
  }

  /** The current weights. Without a bias, `bias` is zero. Call it inside `tf.tidy`. */
  readWeights(): RecurrentWeights {
    const { kernel, recurrentKernel, bias, gain } = this.#variables;
    const { shape } = this.recurrentCell.weightSpecs(this.#numFeatures).bias;
    return {
      kernel: kernel!.read() as tf.Tensor2D,
      recurrentKernel: recurrentKernel!.read() as tf.Tensor2D,
      bias: bias?.read() ?? tf.zeros(shape),
      gain: gain?.read() as tf.Tensor2D | undefined,
    };
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { seed = null, layerNormalization = false } = this.#args;
    return { ...this.#resolved.getConfig(), ...this.#options, seed, layerNormalization };
  }
}

/** Makes a weight refuse other shapes and values that are not finite, so that loading a damaged file fails at once. */
function refusingUnfit(variable: LayerVariable): LayerVariable {
  const { originalName, shape } = variable;
  const write = variable.write.bind(variable);
  variable.write = (value) => {
    expectShape(`The weight ${originalName}`, value, shape as number[]);
    const unfit = valuesInReach(value)?.find((number) => !Number.isFinite(number));
    if (unfit === undefined) return write(value);
    throw new WeightsError(
      `The weight ${originalName} [${shape.join(', ')}]: expected finite numbers, received ${unfit}.`,
    );
  };
  return variable;
}
