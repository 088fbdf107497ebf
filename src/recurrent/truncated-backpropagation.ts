import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Scalar, TensorContainer, Variable } from '@tensorflow/tfjs-core';
import { UsageError } from '../errors.js';
import '../tfjs/register-gradients.js';

/** How {@link truncatedBackpropagation} cuts a sequence, and what it runs. */
export interface TruncatedBackpropagationOptions<State extends TensorContainer> {
  /** Steps of the sequence, at least 1. */
  numSteps: number;
  /** Steps from one update of the variables to the next, k1. The last chunk is what is left. */
  chunkLength: number;
  /**
   * Steps through which gradients flow back from the end of a whole chunk, k2: a multiple of `chunkLength`, or less than
   * it. Default `chunkLength`.
   */
  gradientLength?: number;
  /** State before the first step. Stays the caller's. */
  initialState: State;
  /** What to differentiate by. */
  variables: Variable[];
  /**
   * Runs the steps `[start, end)`, by differentiable operations on `variables` and `state`, which stays the sequence's.
   * Where k2 exceeds k1 the same steps run again as context of later chunks: what is random in them, dropout say, must
   * be fixed by their number. Called inside `tf.tidy`.
   *
   * @returns The loss of these steps alone, and the state after the last.
   */
  forward: (start: number, end: number, state: State) => { loss: Scalar; state: State };
}

/** One chunk of a sequence, `[start, end)`, and where it leads. */
export interface BackpropagatedChunk<State extends TensorContainer> {
  start: number;
  end: number;
  /** Loss that was differentiated: of the whole chunk, or of its last k2 steps where k2 is less than k1. */
  loss: number;
  /** By name of the variable. The caller disposes them, or hands them to a clipping function, which does. */
  gradients: NamedTensorMap;
  /** State after the chunk. Disposed when the loop goes on: clone what is to stay. */
  state: State;
}

/**
 * Truncated backpropagation through time, BPTT(k1, k2): walks a sequence chunk by chunk. State goes forward for ever;
 * gradients stop where the chunk's window starts, `gradientLength` steps before its end. The caller updates the
 * variables in the loop:
 *
 *     for await (const chunk of truncatedBackpropagation(options)) {
 *       const { gradients, norm } = await clipByGlobalNorm(chunk.gradients, 1);
 *       optimizer.applyGradients(gradients);
 *       tf.dispose(gradients);
 *     }
 *
 * No step's loss counts twice. For k2 = k1 a window is its chunk. For k2 > k1 it reaches over earlier chunks, whose
 * steps run again, with the variables as they are now, from the state that was stored there; their loss, which has
 * counted, is dropped. An update then costs as much as one of a chunk of k2 steps. For k2 < k1 the first k1 − k2 steps
 * of each chunk only advance the state; their loss never counts.
 *
 * Whatever ends the loop (its end, `break`, an error), no tensor stays behind but the gradients that were handed out.
 * Chunks are computed on demand; do not use it inside `tf.tidy`.
 *
 * @throws {UsageError} If a length is not a whole number of at least 1, or k2 > k1 is no multiple of k1.
 * @see Williams and Peng 1990, "An efficient gradient-based algorithm for on-line training of recurrent network
 *   trajectories"; Sutskever 2013, "Training recurrent neural networks" (thesis).
 */
export function truncatedBackpropagation<State extends TensorContainer>(
  options: TruncatedBackpropagationOptions<State>,
): AsyncGenerator<BackpropagatedChunk<State>, void, void> {
  const { numSteps, chunkLength, gradientLength = chunkLength } = options;
  // A generator's body waits for the first turn of the loop; a wrong argument should not.
  for (const [name, length] of Object.entries({ numSteps, chunkLength, gradientLength })) {
    if (!Number.isInteger(length) || length < 1) {
      throw new UsageError(`${name} is ${length}; expected a whole number, 1 or more.`);
    }
  }
  if (gradientLength > chunkLength && gradientLength % chunkLength !== 0) {
    throw new UsageError(
      `gradientLength is ${gradientLength}; expected less than the chunkLength of ${chunkLength}, or a multiple of it.`,
    );
  }
  return walkChunks({ ...options, gradientLength });
}

async function* walkChunks<State extends TensorContainer>({
  numSteps,
  chunkLength,
  gradientLength,
  initialState,
  variables,
  forward,
}: Required<TruncatedBackpropagationOptions<State>>): AsyncGenerator<BackpropagatedChunk<State>, void, void> {
  /** States before the current chunk and before those that its window reaches over, oldest first. */
  const states = [detach(initialState)];
  const numStates = Math.max(1, gradientLength / chunkLength);
  try {
    for (let start = 0; start < numSteps; start += chunkLength) {
      const end = Math.min(start + chunkLength, numSteps);
      const windowStart =
        gradientLength < chunkLength
          ? Math.max(start, end - gradientLength)
          : Math.max(0, start + chunkLength - gradientLength);
      if (windowStart > start) {
        states.push(tf.tidy(() => detach(forward(start, windowStart, states[0]!).state)));
        tf.dispose(states.shift());
      }
      const run = (): Scalar => {
        const lossStart = Math.max(start, windowStart);
        const before = windowStart < start ? forward(windowStart, start, states[0]!).state : states[0]!;
        const { loss, state } = forward(lossStart, end, before);
        states.push(detach(state));
        return loss;
      };
      // Where no variable bears on the loss, variableGrads throws and leaves the loss behind.
      const { value, grads } = tf.tidy(() => tf.variableGrads(run, variables));
      const [loss] = await value.data<'float32'>();
      value.dispose();
      yield { start, end, loss: loss!, gradients: grads, state: states.at(-1)! };
      if (states.length > numStates) tf.dispose(states.shift());
    }
  } finally {
    tf.dispose(states);
  }
}

/**
 * Copies a state out of the reach of `tf.tidy` and of the gradient being recorded: to a later one it is a constant.
 * Values are shared, not copied.
 */
function detach<State extends TensorContainer>(state: State): State {
  if (state instanceof tf.Tensor) return tf.keep(tf.clone(state)) as State;
  if (Array.isArray(state)) return state.map(detach) as State;
  if (state !== null && typeof state === 'object' && !ArrayBuffer.isView(state)) {
    return Object.fromEntries(Object.entries(state).map(([name, part]) => [name, detach(part)])) as State;
  }
  return state;
}
