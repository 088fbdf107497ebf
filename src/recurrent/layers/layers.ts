import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName } from '../cells/activations.js';
import { GruCell } from '../cells/gru-cell.js';
import { LstmCell } from '../cells/lstm-cell.js';
import { RecurrentLayer, type RecurrentLayerArgs } from './recurrent-layer.js';
import { RnnCell } from '../cells/rnn-cell.js';

interface GatedLayerArgs extends RecurrentLayerArgs {
  /** Of the gates. Default `sigmoid`, as Keras; tf.layers has `hardSigmoid`. */
  recurrentActivation?: ActivationName | null;
}

export interface GruArgs extends GatedLayerArgs {
  /** Whether the reset gate acts after the recurrent product. Default true, as Keras; tf.layers has only false. */
  resetAfter?: boolean;
}

export interface LstmArgs extends GatedLayerArgs {
  /** Whether the forget gate's bias starts at one. Default true, as Keras; tf.layers has false. */
  unitForgetBias?: boolean;
}

/**
 * What to spread into a configuration so that a layer starts as the one of tf.layers does. A model that tf.layers saved
 * says all of this itself: there only the layer's `class_name` changes, from `LSTM` to `FramewiseLSTM`.
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
      // A model that tf.layers saved says null where it means false.
      unitForgetBias: args.unitForgetBias === undefined || Boolean(args.unitForgetBias),
    };
    super(new LstmCell(args.units, options), args, options);
  }

  static override fromConfig = fromConfig;
}

for (const layer of [SimpleRNN, GRU, LSTM]) tf.serialization.registerClass(layer);

/** As `tf.layers.simpleRNN`. */
export const simpleRNN = (args: RecurrentLayerArgs) => new SimpleRNN(args);
/** As `tf.layers.gru`. */
export const gru = (args: GruArgs) => new GRU(args);
/** As `tf.layers.lstm`. */
export const lstm = (args: LstmArgs) => new LSTM(args);

/** Null means "none" in a configuration of Keras. */
function nameOf(activation: ActivationName | null | undefined, byDefault: ActivationName): ActivationName {
  return activation === null ? 'linear' : (activation ?? byDefault);
}

function fromConfig<T extends tf.serialization.Serializable>(
  cls: tf.serialization.SerializableConstructor<T>,
  config: tf.serialization.ConfigDict,
): T {
  return new cls(config);
}
