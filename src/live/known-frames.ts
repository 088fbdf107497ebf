import { createHash } from 'node:crypto';
import type { VideoFrame } from '../video/video-frame.js';

/** Five hours at five frames a second. What is longer is taken for a source that goes on: memory must not grow with it. */
const MAX_REMEMBERED = 100_000;

/**
 * Tells a recording, which begins anew with each connection, from a source that goes on. Only its frames do: whether a
 * transfer of unknown length came to its end or broke, ffmpeg does not say. No two pictures of a camera are the same to the
 * last bit, but for a lens that is covered or a sign that there is no signal; so as long as a connection's picture stands
 * still, nothing follows from it.
 */
export class KnownFrames {
  #known: number[] = []; // a mark a frame, of the last connection that gave a new one
  #isRepetition = false;

  /** Whether the last connection gave just what one before had given, and ended where that had ended. */
  get isRepetition(): boolean {
    return this.#isRepetition;
  }

  /**
   * Leaves out the frames that a connection begins with as one before did.
   *
   * @param frames - Of one connection.
   * @returns The others, numbered from 0.
   */
  async *leaveOut(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    this.#isRepetition = false;
    const known = this.#known;
    const own: number[] = [];
    let isKnown = true;
    let isStill = true;
    let first: VideoFrame | undefined; // waits for the second, which tells whether the picture stands still
    let index = 0;
    for await (const frame of frames) {
      if (own.length < MAX_REMEMBERED) {
        const mark = markOf(frame);
        isKnown &&= mark === known[own.length];
        own.push(mark);
        isStill &&= mark === own[0];
      } else isKnown = false;
      if (!isKnown) this.#known = own;
      if (isKnown && own.length === 1) {
        first = frame;
        continue;
      }
      const isWanted = !isKnown || isStill;
      if (first && isWanted) yield { ...first, index: index++ };
      first = undefined;
      if (isWanted) yield { ...frame, index: index++ };
    }
    if (first) yield first;
    this.#isRepetition = isKnown && !isStill && own.length === known.length;
  }
}

function markOf({ data }: VideoFrame): number {
  return createHash('sha1').update(data).digest().readInt32LE();
}
