import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, type LayerVariable, type Shape } from '@tensorflow/tfjs-layers';
import { ShapeError, UsageError, WeightsError } from '../../errors.js';
import type { ActivationName } from '../cells/activations.js';
import { valuesInReach } from '../../tfjs/backend-memory.js';
import { expectShape } from '../../tfjs/expect-shape.js';
import { runnable, UnitForgetBias, type LayerInitializer } from './layer-initializers.js';
import type { RecurrentCell, RecurrentWeights } from '../contract.js';

type SimpleRNNCellArgs = Parameters<typeof layers.simpleRNNCell>[0];

/** Configuration keys that all recurrent layers share: Keras's, in the spelling of tf.layers. */
export interface RecurrentLayerConfig extends Omit<
  SimpleRNNCellArgs,
  'activation' | 'dropoutFunc' | 'activityRegularizer'
> {
  /** Width of the hidden state. */
  units: number;
  /** Default `tanh`; null is `linear`. */
  activation?: ActivationName | null;
  /** Share of the input's features that training drops, the same ones in all steps of a sequence. Default 0. */
  dropout?: number;
  /** Share of the hidden state that training hides from the recurrent products, the same in all steps. Default 0. */
  recurrentDropout?: number;
  /** Fixes the dropout. */
  seed?: number;
  /**
   * Whether the products with input and hidden state are each brought to zero mean and unit variance and scaled by a
   * learned `gain`. Slower: the gates are not fused then. Default false.
   */
  layerNormalization?: boolean;
}

/** What one kind of cell or another is made with; keys of Keras. */
export interface RecurrentCellOptions {
  activation: ActivationName;
  recurrentActivation?: ActivationName;
  resetAfter?: boolean;
  unitForgetBias?: boolean;
}

/**
 * The weights of a recurrent layer: what tf.layers calls its cell. Keeps the configuration and answers for names, order
 * and first values of the weights, as Keras has them; the step itself is the {@link RecurrentCell}'s.
 */
export class RecurrentCellLayer extends layers.RNNCell {
  static className = 'FramewiseRecurrentCell';
  readonly stateSize: number | number[];
  readonly #resolved: ReturnType<typeof layers.simpleRNNCell>;
  #variables: Partial<Record<keyof RecurrentWeights, LayerVariable>> = {};
  #numFeatures = 0;

  /**
   * @param options - With what the cell was made, in full: they belong to the configuration too.
   * @throws {UsageError} If the configuration asks for what the layers do not have.
   */
  constructor(
    readonly recurrentCell: RecurrentCell,
    private readonly args: RecurrentLayerConfig,
    private readonly options: RecurrentCellOptions,
  ) {
    super({});
    if ((args as { activityRegularizer?: unknown }).activityRegularizer) {
      throw new UsageError(
        'A recurrent layer has no activityRegularizer; regularise its output in another layer.',
      );
    }
    const { units, stateNames } = recurrentCell;
    this.stateSize = stateNames.length === 1 ? units : stateNames.map(() => units);
    // Makes initializers, regularisers and constraints of their names, which TensorFlow.js offers nowhere else.
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
    const biasInitializer = this.options.unitForgetBias
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
    if (this.args.layerNormalization) {
      const shape = [2, this.recurrentCell.numGates * this.recurrentCell.units];
      this.#variables.gain = refusingUnfit(this.addWeight('gain', shape, undefined, initializers.ones()));
    }
    this.built = true;
  }

  /** The weights as they are now; without a bias, one of zeros. Call inside `tf.tidy`. */
  readWeights(): RecurrentWeights {
    const { kernel, recurrentKernel, bias, gain } = this.#variables;
    const { shape } = this.recurrentCell.weightSpecs(this.#numFeatures).bias;
    return {
      kernel: kernel!.read() as tf.Tensor2D,
      recurrentKernel: recurrentKernel!.read() as tf.Tensor2D,
      bias: bias?.read() ?? tf.zeros(shape),
      ...(gain && { gain: gain.read() as tf.Tensor2D }),
    };
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { seed = null, layerNormalization = false } = this.args;
    return { ...this.#resolved.getConfig(), ...this.options, seed, layerNormalization };
  }
}

/** Has a weight refuse what does not fit it, and values that are not numbers, so that a damaged file is told at once. */
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
