/**
 * Recurrent layers for TensorFlow.js, usable on their own: nothing here knows of video, and nothing needs Node.
 *
 * @packageDocumentation
 */
export type { ActivationName } from './activations.js';
export { bidirectional, type BidirectionalArgs } from './bidirectional.js';
export { createCell } from './create-cell.js';
export { GruCell, type GruCellOptions, type GruState } from './gru-cell.js';
export { LstmCell, type LstmCellOptions, type LstmState } from './lstm-cell.js';
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
} from './layers.js';
export type { RecurrentLayer, RecurrentLayerArgs } from './recurrent-layer.js';
export { clipByGlobalNorm, clipByNorm, clipByValue, type ClippedGradients } from './clip-gradients.js';
export {
  truncatedBackpropagation,
  type BackpropagatedChunk,
  type TruncatedBackpropagationOptions,
} from './truncated-backpropagation.js';
export type { CellKind, RecurrentCell, RecurrentState, RecurrentWeights } from './recurrent-cell.js';
export { RnnCell, type RnnCellOptions, type RnnState } from './rnn-cell.js';
export { step, unroll, type Unrolled, type UnrollOptions } from './unroll.js';
