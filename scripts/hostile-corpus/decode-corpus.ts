import { FramewiseError } from '../../src/errors.js';
import { decodeFrames } from '../../src/video/decode-frames.js';
import type { DecodeOptions } from '../../src/video/decode-video.js';
import { probeVideo } from '../../src/video/probe-video.js';
import { showsCanary } from './canary.js';
import type { HostileInput } from './hostile-input.js';

/** What came of an input. */
export interface HostileOutcome extends HostileInput {
  numFrames: number;
  /** Code of the error that ended it, if one did. */
  code?: string;
  message?: string;
  /** What must not happen and did. */
  faults: string[];
}

/** Inputs decoded at once. */
const NUM_PARALLEL = 4;

/** Longer than decoding needs to give up by itself. */
const DEADLINE_MS = 60_000;

const RATE: Partial<DecodeOptions> = { frameRate: 10 };
const EVERY_FRAME: Partial<DecodeOptions> = { frameRate: 'source', onSourceFrame: () => undefined };
const STRETCH: Partial<DecodeOptions> = { frameRate: 10, startSec: 0.3, durationSec: 0.4 };

/** The ways in which the product decodes, by turns. */
const WAYS = [RATE, EVERY_FRAME, RATE, EVERY_FRAME, STRETCH];

/** Decodes every input as labeling does: looks at it, then takes its frames. The current folder is the corpus's. */
export async function decodeCorpus(
  inputs: readonly HostileInput[],
  onOutcome?: (outcome: HostileOutcome) => void,
): Promise<HostileOutcome[]> {
  const outcomes: HostileOutcome[] = [];
  const queue = inputs.entries();
  const work = async (): Promise<void> => {
    for (const [position, input] of queue) {
      const outcome = await decodeInput(input, WAYS[position % WAYS.length] ?? {});
      outcomes[position] = outcome;
      onOutcome?.(outcome);
    }
  };
  await Promise.all(Array.from({ length: NUM_PARALLEL }, work));
  return outcomes;
}

async function decodeInput(input: HostileInput, way: Partial<DecodeOptions>): Promise<HostileOutcome> {
  const outcome: HostileOutcome = { ...input, numFrames: 0, faults: [] };
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const options = {
    ...{ width: 32, height: 24, frameRate: 10, stallTimeoutMs: 20_000, signal: deadline },
    ...way,
    // A gap of a day is filled with frames, which is right, and too many for a test.
    limits: { maxFrames: 10_000 },
  };
  try {
    await probeVideo(input.path, options);
    for await (const { data, timeSec } of decodeFrames(input.path, options)) {
      outcome.numFrames++;
      if (data.length !== 32 * 24 * 3) outcome.faults.push(`a frame of ${data.length} bytes`);
      if (!Number.isFinite(timeSec)) outcome.faults.push(`a frame at ${timeSec} s`);
      if (showsCanary(data)) outcome.faults.push('shows the canary');
    }
  } catch (error) {
    if (deadline.aborted) outcome.faults.push(`did not end within ${DEADLINE_MS} ms`);
    else if (!(error instanceof FramewiseError)) outcome.faults.push(`threw ${String(error)}`);
    else Object.assign(outcome, { code: error.code, message: error.message });
  }
  return outcome;
}
