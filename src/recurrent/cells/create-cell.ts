import type { CellKind, RecurrentCell } from '../contract.js';
import { GruCell } from './gru-cell.js';
import { LstmCell } from './lstm-cell.js';
import { RnnCell } from './rnn-cell.js';

const CELLS = { rnn: RnnCell, gru: GruCell, lstm: LstmCell };

/**
 * Creates a cell of a kind, with Keras's defaults.
 *
 * @param units - Width of the hidden state.
 * @throws {ShapeError} If `units` is not a positive integer.
 * @example
 * const cell = createCell('lstm', 128);
 */
export function createCell(kind: CellKind, units: number): RecurrentCell {
  return new CELLS[kind](units);
}
