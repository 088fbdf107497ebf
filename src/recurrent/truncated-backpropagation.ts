import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Scalar, TensorContainer, Variable } from '@tensorflow/tfjs-core';
import { UsageError } from '../errors.js';
import '../tfjs/register-gradients.js';

/** Options of {@link truncatedBackpropagation}. */
export interface TruncatedBackpropagationOptions<State extends TensorContainer> {
  /** Number of steps of the sequence, at least 1. */
  numSteps: number;
  /** Steps between updates of the variables, k1. The last chunk may be shorter. */
  chunkLength: number;
  /**
   * Steps through which gradients flow back from the end of a full chunk, k2: a multiple of `chunkLength`, or less than
   * `chunkLength`. Default `chunkLength`.
   */
  gradientLength?: number;
  /** State before the first step. The caller still disposes it. */
  initialState: State;
  /** Variables whose gradients are computed. */
  variables: Variable[];
  /**
   * Runs the steps `[start, end)` in differentiable operations on `variables` and `state`. It must not dispose `state`. If
   * k2 exceeds k1, the same steps run again as context of later chunks, so that anything random in them, such as dropout,
   * must depend only on the step's number. Called inside `tf.tidy`.
   *
   * @returns The loss of these steps only, and the state after the last one.
   */
  forward: (start: number, end: number, state: State) => { loss: Scalar; state: State };
}

/** One chunk of a sequence, `[start, end)`, with its loss, gradients and final state. */
export interface BackpropagatedChunk<State extends TensorContainer> {
  start: number;
  end: number;
  /** The differentiated loss: of the whole chunk, or of its last k2 steps if k2 is less than k1. */
  loss: number;
  /** Gradients by name of the variable. The caller disposes them, or passes them to a clipping function, which does. */
  gradients: NamedTensorMap;
  /** State after the chunk. It is disposed later in the walk, so clone what you keep. */
  state: State;
}

/**
 * Truncated backpropagation through time, BPTT(k1, k2): walks a sequence chunk by chunk. The state is carried through the
 * whole sequence. Gradients flow back through a window that starts `gradientLength` steps before the chunk's end. The
 * caller updates the variables in the loop:
 *
 *     for await (const chunk of truncatedBackpropagation(options)) {
 *       const { gradients, norm } = await clipByGlobalNorm(chunk.gradients, 1);
 *       optimizer.applyGradients(gradients);
 *       tf.dispose(gradients);
 *     }
 *
 * Each step's loss counts at most once. If k2 = k1, the window is the chunk. If k2 > k1, the window also covers earlier
 * chunks: their steps run again with the current variables, from the state stored before them, and their loss is ignored.
 * An update then costs as much as that of a chunk of k2 steps. If k2 < k1, the first k1 − k2 steps of each chunk only
 * advance the state, and their loss is ignored.
 *
 * Chunks are computed on demand. However the loop ends (normally, by `break` or by an error), all tensors are disposed
 * except the gradients that were yielded. Do not use it inside `tf.tidy`.
 *
 * @throws {UsageError} If a length is not a whole number of at least 1, or if k2 > k1 is not a multiple of k1.
 * @see Williams and Peng 1990, "An efficient gradient-based algorithm for on-line training of recurrent network
 *   trajectories"; Sutskever 2013, "Training recurrent neural networks" (thesis).
 */
export function truncatedBackpropagation<State extends TensorContainer>(
  options: TruncatedBackpropagationOptions<State>,
): AsyncGenerator<BackpropagatedChunk<State>, void, void> {
  const { numSteps, chunkLength, gradientLength = chunkLength } = options;
  // Checked here, because the body of a generator runs only when its loop starts.
  for (const [name, length] of Object.entries({ numSteps, chunkLength, gradientLength })) {
    if (!Number.isInteger(length) || length < 1) {
      throw new UsageError(`${name} is ${length}. Expected a whole number of at least 1.`);
    }
  }
  if (gradientLength > chunkLength && gradientLength % chunkLength !== 0) {
    throw new UsageError(
      `gradientLength is ${gradientLength}. Expected a multiple of chunkLength (${chunkLength}), or less than it.`,
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
  const window = new GradientWindow<State>([detach(initialState)]);
  const maxChunks = Math.max(1, gradientLength / chunkLength);
  try {
    for (let start = 0; start < numSteps; start += chunkLength) {
      const end = Math.min(start + chunkLength, numSteps);
      const lossStart = gradientLength < chunkLength ? Math.max(start, end - gradientLength) : start;
      if (lossStart > start) window.advance((state) => forward(start, lossStart, state).state);
      const { loss, gradients, state } = await window.differentiate(variables, (oldest, numEarlier) => {
        const windowStart = start - numEarlier * chunkLength;
        const before = numEarlier > 0 ? forward(windowStart, start, oldest).state : oldest;
        return forward(lossStart, end, before);
      });
      yield { start, end, loss, gradients, state };
      window.keepNewest(maxChunks);
    }
  } finally {
    window.reset();
  }
}

/**
 * The engine of truncated backpropagation: it stores the states before the newest chunks and differentiates the next
 * chunk through all of them. Its owner decides how long chunks are, what runs in them, and how many the window covers.
 */
export class GradientWindow<State extends TensorContainer> {
  #states: State[];

  /** @param states - States before the chunks of the window, oldest first. The window disposes them. */
  constructor(states: State[] = []) {
    this.#states = states;
  }

  /** States before the chunks of the window, oldest first. The last one is the state before the next chunk. */
  get states(): readonly State[] {
    return this.#states;
  }

  /** Disposes all states and starts again from others, which the window then disposes. */
  reset(states: State[] = []): void {
    tf.dispose(this.#states);
    this.#states = states;
  }

  /** Replaces the state before the next chunk without a gradient. The window must cover no earlier chunk. */
  advance(run: (state: State) => State): void {
    const next = tf.tidy(() => detach(run(this.#states[0]!)));
    this.reset([next]);
  }

  /**
   * Runs the next chunk, differentiates its loss, and adds the state after it to the window.
   *
   * @param run - Runs all chunks of the window from the oldest state. It returns the loss of the next chunk only, and the
   *   state after that. Called inside `tf.tidy`.
   * @returns Gradients that the caller disposes, and the state after the chunk, which the window disposes.
   */
  async differentiate(
    variables: Variable[],
    run: (oldest: State, numEarlier: number) => { loss: Scalar; state: State },
  ): Promise<{ loss: number; gradients: NamedTensorMap; state: State }> {
    const numEarlier = this.#states.length - 1;
    const lossOf = (): Scalar => {
      const { loss, state } = run(this.#states[0]!, numEarlier);
      this.#states.push(detach(state));
      return loss;
    };
    // If no variable affects the loss, variableGrads throws without disposing the loss, so it runs inside tidy.
    const { value, grads } = tf.tidy(() => tf.variableGrads(lossOf, variables));
    try {
      const [loss] = await value.data<'float32'>();
      return { loss: loss!, gradients: grads, state: this.#states.at(-1)! };
    } catch (error) {
      tf.dispose(grads);
      throw error;
    } finally {
      value.dispose();
    }
  }

  /** Disposes the oldest state if there are more than `numStates`. */
  keepNewest(numStates: number): void {
    if (this.#states.length > numStates) tf.dispose(this.#states.shift());
  }
}

/**
 * Copies a state so that neither `tf.tidy` nor the gradient being recorded disposes it. To later gradients it is a
 * constant. Values are shared, not copied.
 */
function detach<State extends TensorContainer>(state: State): State {
  if (state instanceof tf.Tensor) return tf.keep(tf.clone(state)) as State;
  if (Array.isArray(state)) return state.map(detach) as State;
  if (state !== null && typeof state === 'object' && !ArrayBuffer.isView(state)) {
    return Object.fromEntries(Object.entries(state).map(([name, part]) => [name, detach(part)])) as State;
  }
  return state;
}
