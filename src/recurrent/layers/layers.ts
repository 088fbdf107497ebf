import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../cells/activations.js';
import { GruCell } from '../cells/gru-cell.js';
import { LstmCell } from '../cells/lstm-cell.js';
import { RecurrentLayer, type RecurrentLayerArgs } from './recurrent-layer.js';
import { RnnCell } from '../cells/rnn-cell.js';

interface GatedLayerArgs extends RecurrentLayerArgs {
  /** Activation of the gates. Default `sigmoid`, as in Keras; tf.layers uses `hardSigmoid`. null is `linear`. */
  recurrentActivation?: ActivationName | null;
}

/** Configuration of {@link gru}. */
export interface GruArgs extends GatedLayerArgs {
  /** Whether the reset gate is applied after the recurrent product. Default true, as in Keras; tf.layers has only false. */
  resetAfter?: boolean;
}

/** Configuration of {@link lstm}. */
export interface LstmArgs extends GatedLayerArgs {
  /** Whether the bias of the forget gate starts at one. Default true, as in Keras; tf.layers uses false. */
  unitForgetBias?: boolean;
}

/**
 * The defaults of tf.layers where they differ from Keras's. A model that tf.layers saved contains these settings; there
 * only the layer's `class_name` changes, for example from `LSTM` to `FramewiseLSTM`.
 *
 * @example
 * const layer = lstm({ units: 64, ...TF_LAYERS_DEFAULTS.lstm });
 */
export const TF_LAYERS_DEFAULTS = {
  simpleRNN: { kernelInitializer: 'glorotNormal' },
  gru: { kernelInitializer: 'glorotNormal', recurrentActivation: 'hardSigmoid', resetAfter: false },
  lstm: { kernelInitializer: 'glorotNormal', recurrentActivation: 'hardSigmoid', unitForgetBias: false },
} as const;

/** `h' = tanh(x·W + h·U + b)` as a layer of tf.layers. See {@link RnnCell}. */
export class SimpleRNN extends RecurrentLayer {
  static override className = 'FramewiseSimpleRNN';

  constructor(args: RecurrentLayerArgs) {
    const options = { activation: nameOf(args.activation, 'tanh') };
    super(new RnnCell(args.units, options), args, options);
  }

  static override fromConfig = fromConfig;
}

/** A gated recurrent unit as a layer of tf.layers. See {@link GruCell}. */
export class GRU extends RecurrentLayer {
  static override className = 'FramewiseGRU';

  constructor(args: GruArgs) {
    const options = {
      activation: nameOf(args.activation, 'tanh'),
      recurrentActivation: nameOf(args.recurrentActivation, 'sigmoid'),
      resetAfter: args.resetAfter ?? true,
    };
    super(new GruCell(args.units, options), args, options);
  }

  static override fromConfig = fromConfig;
}

/** Long short-term memory as a layer of tf.layers. See {@link LstmCell}. */
export class LSTM extends RecurrentLayer {
  static override className = 'FramewiseLSTM';

  constructor(args: LstmArgs) {
    const options = {
      activation: nameOf(args.activation, 'tanh'),
      recurrentActivation: nameOf(args.recurrentActivation, 'sigmoid'),
      // A model that tf.layers saved contains null for false.
      unitForgetBias: args.unitForgetBias === undefined || Boolean(args.unitForgetBias),
    };
    super(new LstmCell(args.units, options), args, options);
  }

  static override fromConfig = fromConfig;
}

for (const layer of [SimpleRNN, GRU, LSTM]) tf.serialization.registerClass(layer);

/** Creates a simple recurrent layer, like `tf.layers.simpleRNN`. */
export const simpleRNN = (args: RecurrentLayerArgs) => new SimpleRNN(args);
/** Creates a GRU layer, like `tf.layers.gru`. */
export const gru = (args: GruArgs) => new GRU(args);
/** Creates an LSTM layer, like `tf.layers.lstm`. */
export const lstm = (args: LstmArgs) => new LSTM(args);

/** null means no activation in a Keras configuration. */
function nameOf(activation: ActivationName | null | undefined, byDefault: ActivationName): ActivationName {
  return activation === null ? 'linear' : (activation ?? byDefault);
}

function fromConfig<T extends tf.serialization.Serializable>(
  cls: tf.serialization.SerializableConstructor<T>,
  config: tf.serialization.ConfigDict,
): T {
  return new cls(config);
}
