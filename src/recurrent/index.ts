/**
 * Recurrent layers for TensorFlow.js. They can be used on their own, in Node and in browsers.
 *
 * @packageDocumentation
 */
export type { ActivationName } from './cells/activations.js';
export { bidirectional, type BidirectionalArgs } from './layers/bidirectional.js';
export { createCell } from './cells/create-cell.js';
export { GruCell, type GruCellOptions, type GruState } from './cells/gru-cell.js';
export { LstmCell, type LstmCellOptions, type LstmState } from './cells/lstm-cell.js';
export {
  GRU,
  gru,
  LSTM,
  lstm,
  SimpleRNN,
  simpleRNN,
  TF_LAYERS_DEFAULTS,
  type GruArgs,
  type LstmArgs,
} from './layers/layers.js';
export type { RecurrentLayer, RecurrentLayerArgs } from './layers/recurrent-layer.js';
export { clipByGlobalNorm, clipByNorm, clipByValue, type ClippedGradients } from './clip-gradients.js';
export {
  truncatedBackpropagation,
  type BackpropagatedChunk,
  type TruncatedBackpropagationOptions,
} from './truncated-backpropagation.js';
export type { CellKind, RecurrentCell, RecurrentState, RecurrentWeights } from './contract.js';
export { RnnCell, type RnnCellOptions, type RnnState } from './cells/rnn-cell.js';
export { step, unroll, type Unrolled, type UnrollOptions } from './unroll.js';
