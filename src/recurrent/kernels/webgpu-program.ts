import type { WebGpuProgram } from '../../tfjs/backend-internals.js';
import type { CellShader, RecurrenceAttributes } from '../contract.js';

/** Threads per workgroup that every device supports. */
const MOST_THREADS = 256;

/**
 * Writes a program in which each workgroup walks one sequence from end to end. Each thread computes one or more units. The
 * state stays in the workgroup's memory from step to step, so that a sequence of any length is one call.
 *
 * @param names - Names of the inputs, in order. An input `x` is the buffer `xBuffer` in WGSL.
 * @param size - Number of values of the result, which holds all outputs one after another.
 */
export function recurrenceProgram(
  direction: 'forward' | 'backward',
  attributes: RecurrenceAttributes,
  shader: CellShader,
  names: readonly string[],
  batchSize: number,
  size: number,
): WebGpuProgram {
  const { cell, isReversed } = attributes;
  const variableNames = names.map((name) => `${name}Buffer`);
  const numThreads = Math.min(MOST_THREADS, 32 * Math.ceil(cell.units / 32));
  const { activation, gateActivation } = shader;
  const functions = [activation.apply, activation.slope, gateActivation.apply, gateActivation.slope];
  return {
    shaderKey: [direction, cell.units, isReversed, ...functions, ...shader[direction]].join(';'),
    variableNames,
    outputShape: [size],
    workgroupSize: [numThreads, 1, 1],
    dispatch: [batchSize, 1, 1],
    dispatchLayout: { x: [0] },
    getUserCode() {
      const walk = direction === 'forward' ? walkForward : walkBackward;
      return [
        constants(attributes, numThreads),
        activations(shader),
        walk(attributes, shader, new Set(names)),
      ].join('\n');
    },
  };
}

/** Bytes of workgroup memory that the larger of a cell's two programs needs. */
export function workgroupBytes({ cell }: RecurrenceAttributes): number {
  return 4 * cell.units * Math.max(5, 3 + cell.numGates);
}

function constants({ cell }: RecurrenceAttributes, numThreads: number): string {
  return `
    const UNITS = ${cell.units};
    const WIDTH = ${cell.numGates * cell.units};
    const THREADS = ${numThreads};
    var<private> unit: i32;
    var<private> at: i32; // Index of the current step among the steps of all sequences.
    var<private> isLeftOut: bool;`;
}

function activations({ activation, gateActivation }: CellShader): string {
  return `
    fn activation(x: f32) -> f32 { return ${activation.apply}; }
    fn activationSlope(y: f32) -> f32 { return ${activation.slope}; }
    fn gateActivation(x: f32) -> f32 { return ${gateActivation.apply}; }
    fn gateSlope(y: f32) -> f32 { return ${gateActivation.slope}; }`;
}

/** The forward walk. The result holds the outputs, the gates, and the auxiliary. */
function walkForward(
  { cell, isReversed }: RecurrenceAttributes,
  shader: CellShader,
  names: Set<string>,
): string {
  const isCarried = cell.auxiliary === 'carried';
  const factor = recurrentFactor(names);
  const stages = shader.forward.map((code, stage) => {
    const isLast = stage === shader.forward.length - 1;
    const source = stage === 0 ? 'operands[parity + row]' : 'laterOperands[row]';
    return `
      for (unit = thread; unit < UNITS; unit += THREADS) {
        let previousHidden = hiddens[unit];
        let previousAuxiliary = carried[unit];
        var hidden = 0.0;
        var auxiliary = 0.0;
        var operand = 0.0;
        ${multiply(source, 'UNITS', kernelOf(stage), cell.productWidths[stage]! / cell.units)}
        ${code}
        ${
          isLast
            ? `
        if (isLeftOut) {
          hidden = previousHidden;
          auxiliary = ${isCarried ? 'previousAuxiliary' : '0.0'};
          for (var gate = 0; gate < WIDTH / UNITS; gate++) { keep(gate, 0.0); }
        }
        result[at * UNITS + unit] = hidden;
        ${cell.auxiliary === 'none' ? '' : 'result[numRows * (UNITS + WIDTH) + at * UNITS + unit] = auxiliary;'}
        hiddens[unit] = hidden;
        carried[unit] = auxiliary;
        operands[UNITS - parity + unit] = hidden${factor};`
            : `laterOperands[unit] = operand${factor};`
        }
      }
      workgroupBarrier();`;
  });
  return `
    var<workgroup> operands: array<f32, 2 * UNITS>; // Of this step and of the next.
    var<workgroup> laterOperands: array<f32, UNITS>;
    var<workgroup> hiddens: array<f32, UNITS>;
    var<workgroup> carried: array<f32, UNITS>;
    var<private> numRows: i32;

    fn input(gate: i32) -> f32 {
      return projectedBuffer[at * WIDTH + gate * UNITS + unit] + biasBuffer[gate * UNITS + unit];
    }
    fn recurrentBias(gate: i32) -> f32 { return biasBuffer[WIDTH + gate * UNITS + unit]; }
    fn keep(gate: i32, value: f32) { result[numRows * UNITS + at * WIDTH + gate * UNITS + unit] = value; }
    fn kept(gate: i32) -> f32 { return result[numRows * UNITS + at * WIDTH + gate * UNITS + unit]; }

    fn main(index: i32) {
      let sequence = i32(workgroupId.x);
      let thread = i32(localIndex);
      let numSteps = uniforms.projectedBufferShape.y;
      numRows = uniforms.projectedBufferShape.x * numSteps;
      for (unit = thread; unit < UNITS; unit += THREADS) {
        hiddens[unit] = hiddenStateBuffer[sequence * UNITS + unit];
        operands[unit] = hiddens[unit]${factor};
        carried[unit] = ${isCarried ? 'cellStateBuffer[sequence * UNITS + unit]' : '0.0'};
      }
      workgroupBarrier();
      for (var step = 0; step < numSteps; step++) {
        let parity = (step & 1) * UNITS;
        ${findStep(isReversed, names)}
        ${stages.join('\n')}
      }
    }`;
}

/** The backward walk. The result holds the gradients of x·W, of the products if they differ, and of the states. */
function walkBackward(
  { cell, isReversed }: RecurrenceAttributes,
  shader: CellShader,
  names: Set<string>,
): string {
  const isCarried = cell.auxiliary === 'carried';
  const factor = recurrentFactor(names);
  const firstColumn = (stage: number) =>
    cell.productWidths.slice(0, stage).reduce((sum, width) => sum + width, 0);
  const stages = shader.backward.map((code, stage) => {
    const source = `dProducts[${firstColumn(stage)} + row]`;
    return `
      for (unit = thread; unit < UNITS; unit += THREADS) {
        let dOperand = dOperands[unit];
        var dHidden = dHiddens[unit];
        var dAuxiliary = dCarried[unit];
        ${code}
        if (!isLeftOut) {
          dHiddens[unit] = dHidden;
          dCarried[unit] = dAuxiliary;
        }
      }
      workgroupBarrier();
      for (unit = thread; unit < UNITS; unit += THREADS) {
        ${multiply(source, `${cell.productWidths[stage]}`, kernelOf(stage), 1)}
        ${stage === 0 ? `dHiddens[unit] += product0${factor};` : `dOperands[unit] = product0${factor};`}
      }
      workgroupBarrier();`;
  });
  const previous = (initial: string, sequence: string) => `
      if (isFirst) { return ${initial}Buffer[at / numSteps * UNITS + unit]; }
      return ${sequence}Buffer[(at ${isReversed ? '+' : '-'} 1) * UNITS + unit];`;
  return `
    var<workgroup> dProducts: array<f32, WIDTH>;
    var<workgroup> dOperands: array<f32, UNITS>;
    var<workgroup> dHiddens: array<f32, UNITS>;
    var<workgroup> dCarried: array<f32, UNITS>;
    var<private> numSteps: i32;
    var<private> numRows: i32;
    var<private> isFirst: bool;

    fn gate(index: i32) -> f32 { return gatesBuffer[at * WIDTH + index * UNITS + unit]; }
    ${names.has('auxiliary') ? 'fn auxiliary() -> f32 { return auxiliaryBuffer[at * UNITS + unit]; }' : ''}
    ${names.has('outputs') ? `fn previousHidden() -> f32 { ${previous('hiddenState', 'outputs')} }` : ''}
    ${isCarried ? `fn previousAuxiliary() -> f32 { ${previous('cellState', 'auxiliary')} }` : ''}
    fn giveApart(gate: i32, dProjected: f32, dProduct: f32) {
      let column = gate * UNITS + unit;
      result[at * WIDTH + column] = select(dProjected, 0.0, isLeftOut);
      dProducts[column] = select(dProduct, 0.0, isLeftOut);
      ${cell.hasRecurrentGradient ? 'result[(numRows + at) * WIDTH + column] = dProducts[column];' : ''}
    }
    fn give(gate: i32, gradient: f32) { giveApart(gate, gradient, gradient); }

    fn main(index: i32) {
      let sequence = i32(workgroupId.x);
      let thread = i32(localIndex);
      let lastStep = uniforms.gatesBufferShape.y - 1; // A barrier must not depend on a private variable.
      numSteps = lastStep + 1;
      numRows = uniforms.gatesBufferShape.x * numSteps;
      for (var step = lastStep; step >= 0; step--) {
        isFirst = step == 0;
        ${findStep(isReversed, names)}
        for (unit = thread; unit < UNITS; unit += THREADS) {
          dHiddens[unit] += dOutputsBuffer[at * UNITS + unit];
          ${names.has('dAuxiliary') ? 'dCarried[unit] += dAuxiliaryBuffer[at * UNITS + unit];' : ''}
        }
        ${stages.reverse().join('\n')}
      }
      let states = ${cell.hasRecurrentGradient ? 2 : 1} * numRows * WIDTH + sequence * UNITS;
      for (unit = thread; unit < UNITS; unit += THREADS) {
        result[states + unit] = dHiddens[unit];
        ${isCarried ? 'result[states + numRows / numSteps * UNITS + unit] = dCarried[unit];' : ''}
      }
    }`;
}

/** The factor of a state in a recurrent product. */
function recurrentFactor(names: Set<string>): string {
  return names.has('recurrentMask') ? ' * recurrentMaskBuffer[sequence * UNITS + unit]' : '';
}

/** Computes the index of a step and whether it is masked. */
function findStep(isReversed: boolean, names: Set<string>): string {
  return `
        at = sequence * numSteps + ${isReversed ? 'numSteps - 1 - step' : 'step'};
        isLeftOut = ${names.has('mask') ? 'f32(maskBuffer[at]) == 0.0' : 'false'};`;
}

/** The buffer of the kernel of a stage. */
function kernelOf(stage: number): string {
  return stage === 0 ? 'recurrentKernelBuffer' : 'candidateKernelBuffer';
}

/** Declares `product0`, `product1`, …: the operand times this unit's column in each block of the kernel's columns. */
function multiply(operand: string, numRows: string, kernel: string, numBlocks: number): string {
  const blocks = Array.from({ length: numBlocks }, (_, block) => block);
  return `
        ${blocks.map((block) => `var product${block} = 0.0;`).join(' ')}
        for (var row = 0; row < ${numRows}; row++) {
          let value = ${operand};
          let first = row * ${numBlocks} * UNITS + unit;
          ${blocks.map((block) => `product${block} += value * ${kernel}[first + ${block} * UNITS];`).join(' ')}
        }`;
}
