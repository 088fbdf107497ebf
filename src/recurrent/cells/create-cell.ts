import { GruCell } from './gru-cell.js';
import { LstmCell } from './lstm-cell.js';
import type { CellKind, RecurrentCell } from '../contract.js';
import { RnnCell } from './rnn-cell.js';

const CELLS = { rnn: RnnCell, gru: GruCell, lstm: LstmCell };

/**
 * Makes the cell of a kind. A GRU gets Keras's default reset gate.
 *
 * @param units - Width of the hidden state.
 * @throws {ShapeError} If `units` is not a whole number of at least one.
 */
export function createCell(kind: CellKind, units: number): RecurrentCell {
  return new CELLS[kind](units);
}
