/**
 * The contract between cells, which know one step of a recurrence, and kernels, which loop over time. Cells implement
 * it, kernels call it, and neither imports the other.
 */
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';

/** The kinds of recurrent cells. */
export type CellKind = 'rnn' | 'gru' | 'lstm';

/**
 * What a cell carries from one step to the next: float32 tensors `[batch, units]` by name. `hiddenState` is also the
 * cell's output.
 */
export type RecurrentState = { hiddenState: Tensor2D; cellState?: Tensor2D };

/** A cell's weights, shaped and packed as in Keras. */
export type RecurrentWeights = {
  /** `[features, gates·units]`, multiplies the input. */
  kernel: Tensor2D;
  /** `[units, gates·units]`, multiplies the hidden state. */
  recurrentKernel: Tensor2D;
  /** `[gates·units]`, or `[2, gates·units]` if input and hidden state have separate biases. */
  bias: Tensor;
  /** Scales of the normalized products, `[2, gates·units]`: input first. Only with layer normalization. */
  gain?: Tensor2D;
};

/**
 * Draws the initial values of a weight.
 *
 * @param seed - Positive integer. TensorFlow.js treats zero as "no seed".
 */
export type Initializer = (shape: readonly number[], seed: number) => Float32Array;

/** Shape of a weight and its initializer. */
export interface WeightSpec {
  shape: number[];
  initialize: Initializer;
}

/**
 * A recurrent cell. It defines one step, forward and backward, in up to four equivalent implementations: `rows` (wasm,
 * cpu), `ops` (any backend), `block` (TensorFlow's own kernels), `shader` (WGSL). It does not loop over time.
 */
export interface RecurrentCell<State extends RecurrentState = RecurrentState> {
  readonly kind: CellKind;
  /** Width of the hidden state. */
  readonly units: number;
  /** Number of gates: blocks of `units` columns in the kernels. */
  readonly numGates: number;
  /** Names of the states, in Keras's order. */
  readonly stateNames: readonly (keyof RecurrentState)[];
  /**
   * Widths of the recurrent products, in columns of the recurrent kernel. There is more than one product if a later one
   * multiplies a value that needs the gates of an earlier one. Each product belongs to one stage of the step.
   */
  readonly productWidths: readonly number[];
  /**
   * A further value of each step, `[batch, units]`: `none`, `kept` for the backward pass only, or `carried` to the next
   * step as well (the cell state).
   */
  readonly auxiliary: 'none' | 'kept' | 'carried';
  /** Whether the recurrent product and the projected input have different gradients. */
  readonly hasRecurrentGradient: boolean;
  readonly rows: CellRows;
  readonly ops: CellOps;
  /** Undefined if TensorFlow has no kernels for this cell. */
  readonly block?: CellBlock;
  /** Undefined if the cell has no WGSL; WebGPU then runs `ops`. */
  readonly shader?: CellShader;

  /** Shape and initializer of each weight, for inputs of `numFeatures`. */
  weightSpecs(numFeatures: number): Record<'kernel' | 'recurrentKernel' | 'bias', WeightSpec>;

  /** A state of zeros. The caller disposes it. */
  initialState(batchSize: number): State;
}

/**
 * One step of one sequence, forward: views into the backend's memory. Each has `units` values, except `projected`,
 * `gates` and `bias` (as wide as the kernel; two biases lie one after the other) and `product` (as wide as its product).
 */
interface ForwardRow {
  /** x·W. */
  projected: Float32Array;
  bias: Float32Array;
  /** The recurrent product of this stage. */
  product: Float32Array;
  previousHidden: Float32Array;
  previousAuxiliary: Float32Array;
  /** Output: gates after activation. The backward pass reads them. */
  gates: Float32Array;
  /** Output, if the cell has an auxiliary. */
  auxiliary: Float32Array;
  /** Output of the last stage. */
  hidden: Float32Array;
  /** Output of every other stage: the operand of the next product. */
  nextOperand: Float32Array;
}

/** One step of one sequence, backward. Sizes as in {@link ForwardRow}. */
interface BackwardRow {
  gates: Float32Array;
  auxiliary: Float32Array;
  previousHidden: Float32Array;
  previousAuxiliary: Float32Array;
  /**
   * In: gradient of the hidden state. Out: gradient of the previous hidden state, without the part that flows through
   * the recurrent products.
   */
  dHidden: Float32Array;
  /** In: gradient of a carried auxiliary. Out: gradient of the previous auxiliary. */
  dAuxiliary: Float32Array;
  /** Gradient of this stage's `nextOperand`. */
  dNextOperand: Float32Array;
  /** Output: gradient of `projected`. */
  dProjected: Float32Array;
  /** Output: gradient of the products. The same array as `dProjected` unless `hasRecurrentGradient`. */
  dRecurrent: Float32Array;
}

/** A step over rows of numbers, one function per product. Backward stages run last to first. */
export interface CellRows {
  forward: readonly ((row: ForwardRow) => void)[];
  backward: readonly ((row: BackwardRow) => void)[];
}

/** One step of a batch, forward: tensors `[batch, units]`, except the wider `projected` and `bias`. */
interface ForwardStep {
  /** x·W, `[batch, gates·units]`; x itself for a step that multiplies it by the kernel. */
  projected: Tensor2D;
  bias: Tensor;
  previousHidden: Tensor2D;
  previousAuxiliary: Tensor2D | undefined;
}

/** One step of a batch, backward. */
interface BackwardStep {
  /** After activation, `[batch, gates·units]`. */
  gates: Tensor2D;
  auxiliary: Tensor2D | undefined;
  previousHidden: Tensor2D;
  previousAuxiliary: Tensor2D | undefined;
  dHidden: Tensor2D;
  /** Only if the auxiliary is carried. */
  dAuxiliary: Tensor2D | undefined;
}

/** Multiplies by the columns of the recurrent kernel, or of its transpose, that belong to a stage. */
export type Multiply = (operand: Tensor2D, stage: number) => Tensor2D;

/** A step in composed TensorFlow.js operations. Called inside `tf.tidy`. */
export interface CellOps {
  forward: (
    step: ForwardStep,
    multiply: Multiply,
  ) => { hidden: Tensor2D; gates: Tensor2D; auxiliary?: Tensor2D };
  backward: (
    step: BackwardStep,
    multiplyTransposed: Multiply,
  ) => { dProjected: Tensor2D; dRecurrent: Tensor2D; dHidden: Tensor2D; dAuxiliary?: Tensor2D };
}

/** A cell in TensorFlow's own kernels, for the backend `tensorflow`. Called inside `tf.tidy`. */
export interface CellBlock {
  /** A step whose `projected` is the input x. It multiplies x by the kernel. */
  forwardStep(inputs: ForwardInputs<Tensor>): CellOps['forward'];
  backwardStep(inputs: BackwardInputs<Tensor>): CellOps['backward'];
  /** A whole sequence in one operation, if TensorFlow has one. Tensors are `[time, batch, …]`; time runs forward. */
  sequence?: {
    forward(inputs: ForwardInputs<Tensor>): ForwardResults<Tensor3D>;
    backward(inputs: BackwardInputs<Tensor>): Gradients<Tensor>;
    /** Number of units up to which `backward` is faster than single steps. */
    maxGradientUnits: number;
  };
}

/** An activation f in WGSL: expressions of f32. */
export interface ActivationShader {
  /** f(x), an expression of `x`. */
  apply: string;
  /** f'(x), an expression of `y` = f(x). */
  slope: string;
}

/**
 * A step in WGSL, for one unit of one sequence: one piece of code per product. Backward stages run last to first.
 * `kernels/webgpu-program.ts` declares the functions and variables that the code may use:
 *
 * - both: `activation(x)`, `gateActivation(x)`, and their slopes `activationSlope(y)`, `gateSlope(y)` at y = f(x);
 * - forward, read: `product0`, `product1`, … (this stage's product, one value per gate), `input(gate)` (x·W plus bias),
 *   `recurrentBias(gate)`, `previousHidden`, `previousAuxiliary`, `kept(gate)` (what an earlier stage kept);
 * - forward, write: `keep(gate, value)` for each gate after activation; `operand` before a further stage; `hidden` and
 *   `auxiliary` in the last stage;
 * - backward, read: `gate(index)`, `auxiliary()`, `previousHidden()`, `previousAuxiliary()`, `dOperand` (gradient of this
 *   stage's `operand`);
 * - backward, write: `give(gate, gradient)`, or `giveApart(gate, gradient, productGradient)` if they differ; `dHidden` and
 *   `dAuxiliary`, as in {@link BackwardRow}.
 */
export interface CellShader {
  forward: readonly string[];
  backward: readonly string[];
  activation: ActivationShader;
  gateActivation: ActivationShader;
}

/** Inputs of the forward kernel. */
export interface ForwardInputs<T> {
  /** `[batch, time, features]`. */
  inputs: T;
  /** `[features, gates·units]`. */
  kernel: T;
  bias: T;
  /** `[batch, units]`. */
  hiddenState: T;
  /** `[batch, units]`, if the cell's auxiliary is carried. */
  cellState?: T;
  /** The columns of the first product, `[units, productWidths[0]]`. */
  recurrentKernel: T;
  /** The columns of the second product, if the cell has one, `[units, units]`. */
  candidateKernel?: T;
  /** Zero where a step is padding, float32 `[batch, time]`. */
  mask?: T;
  /** Factors of the hidden state in all recurrent products, `[batch, units]`. */
  recurrentMask?: T;
}

/** {@link ForwardInputs} after the inputs of all steps are multiplied by the kernel. */
export interface ProjectedInputs<T> extends Omit<ForwardInputs<T>, 'inputs' | 'kernel'> {
  /** x·W, `[batch, time, gates·units]`. */
  projected: T;
}

/** Outputs of the forward kernel. */
export type ForwardResults<T> = {
  /** Hidden state after each step, `[batch, time, units]`. */
  outputs: T;
  /** After activation, `[batch, time, gates·units]`. */
  gates: T;
  /** `[batch, time, units]`. */
  auxiliary?: T;
};

/** Inputs of the backward kernel: recurrent kernels transposed, the forward kernel's outputs, and their gradients. */
export interface BackwardInputs<T>
  extends Omit<ForwardInputs<T>, 'inputs' | 'kernel' | 'bias'>, ForwardResults<T> {
  dOutputs: T;
  dAuxiliary?: T;
}

/** Outputs of the backward kernel. */
export type Gradients<T> = {
  dProjected: T;
  dBias: T;
  /** Gradient of the recurrent products, if the cell has `hasRecurrentGradient`. */
  dRecurrent?: T;
  dHiddenState: T;
  dCellState?: T;
};

/** Attributes of both kernels. */
export interface RecurrenceAttributes {
  cell: RecurrentCell;
  /** Whether time runs from the last step to the first. Results keep the places of their inputs. */
  isReversed: boolean;
}
