import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import { callApart } from './checked-rnn.js';
import type { RecurrentLayer } from './recurrent-layer.js';

type TfBidirectionalArgs = Parameters<typeof layers.bidirectional>[0];

/** Besides what all layers of tf.layers take, as `inputShape` and `name`. */
export interface BidirectionalArgs extends Omit<TfBidirectionalArgs, 'layer' | 'mergeMode'> {
  /** The layer to run in both directions; it serves as a pattern and is not used itself. */
  layer: RecurrentLayer;
  /** How the two outputs become one; null leaves them two. Default `concat`. */
  mergeMode?: 'concat' | 'sum' | 'ave' | 'mul' | null;
}

interface TwoLayers extends layers.Layer {
  readonly forwardLayer: RecurrentLayer;
  readonly backwardLayer: RecurrentLayer;
}

/** TensorFlow.js exports no class here, only a function that makes an instance of it. */
const TfBidirectional = tf.serialization.SerializationMap.getMap().classNameMap
  .Bidirectional![0] as unknown as tf.serialization.SerializableConstructor<TwoLayers>;

/**
 * A layer and a copy of it that walks backwards: TensorFlow.js's own wrapper, mended where it forgets its two layers.
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

  /** Losses of the regularisers. */
  override calculateLosses(): tf.Scalar[] {
    return this.#both.flatMap((layer) => layer.calculateLosses());
  }

  /**
   * Sets the states of both layers, if they are stateful, to zero if none are given.
   *
   * @param states - float32 `[batch, units]` each, those of the forward layer first.
   * @throws {ShapeError} If a state does not fit.
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
 * Runs a layer forwards and a copy of it backwards, as `tf.layers.bidirectional` does, with zeros as outputs of masked
 * steps, as Keras has them there.
 */
export function bidirectional(args: BidirectionalArgs): Bidirectional {
  args.layer.zeroOutputForMask = true;
  return new Bidirectional(args);
}
