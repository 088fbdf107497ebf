import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import { callApart } from './checked-rnn.js';
import type { RecurrentLayer } from './recurrent-layer.js';

type TfBidirectionalArgs = Parameters<typeof layers.bidirectional>[0];

/** Options of {@link bidirectional}, besides those of all tf.layers, such as `inputShape` and `name`. */
export interface BidirectionalArgs extends Omit<TfBidirectionalArgs, 'layer' | 'mergeMode'> {
  /** The layer to run in both directions. Both are copies of it. */
  layer: RecurrentLayer;
  /** How the two outputs are merged. null returns both. Default `concat`. */
  mergeMode?: 'concat' | 'sum' | 'ave' | 'mul' | null;
}

interface TwoLayers extends layers.Layer {
  readonly forwardLayer: RecurrentLayer;
  readonly backwardLayer: RecurrentLayer;
}

/** TensorFlow.js does not export this class, only a function that creates instances. */
const TfBidirectional = tf.serialization.SerializationMap.getMap().classNameMap
  .Bidirectional![0] as unknown as tf.serialization.SerializableConstructor<TwoLayers>;

/**
 * Runs one copy of a layer forward and one backward in time. It is TensorFlow.js's own wrapper with corrections: losses,
 * states and disposal of its two layers, which TensorFlow.js omits.
 *
 * @see Schuster and Paliwal 1997, "Bidirectional recurrent neural networks".
 */
export class Bidirectional extends TfBidirectional {
  static override className = 'FramewiseBidirectional';

  constructor(args: BidirectionalArgs) {
    super(args);
    this.trainable = args.trainable ?? true;
  }

  override apply(...[inputs, callArguments]: Parameters<layers.Layer['apply']>) {
    return callApart(inputs, callArguments, (ownArguments) => super.apply(inputs, ownArguments));
  }

  /** Losses of the regularizers. */
  override calculateLosses(): tf.Scalar[] {
    return this.#both.flatMap((layer) => layer.calculateLosses());
  }

  /**
   * Sets the states of both stateful layers, by default to zero.
   *
   * @param states - float32 `[batch, units]` each, the forward layer's first.
   * @throws {UsageError} If the layers are not stateful.
   * @throws {ShapeError} If the shape of a state does not match.
   */
  override resetStates(states?: Tensor[]): void {
    this.#both.forEach((layer, index) => {
      const numStates = layer.cell.recurrentCell.stateNames.length;
      layer.resetStates(states?.slice(index * numStates, index === 0 ? numStates : undefined));
    });
  }

  protected override assertInputCompatibility(inputs: Parameters<layers.Layer['apply']>[0]): void {
    this.forwardLayer.assertInputCompatibility(inputs);
  }

  protected override disposeWeights(): number {
    for (const layer of this.#both) tf.dispose(layer.getStates());
    return super.disposeWeights();
  }

  get #both(): RecurrentLayer[] {
    return [this.forwardLayer, this.backwardLayer];
  }
}

tf.serialization.registerClass(Bidirectional);

/**
 * Runs a layer in both directions, like `tf.layers.bidirectional`. Outputs of masked steps are zero, as in Keras.
 *
 * @example
 * model.add(bidirectional({ layer: lstm({ units: 64, returnSequences: true }), mergeMode: 'sum' }));
 */
export function bidirectional(args: BidirectionalArgs): Bidirectional {
  args.layer.zeroOutputForMask = true;
  return new Bidirectional(args);
}
