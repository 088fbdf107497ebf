import { createHash } from 'node:crypto';
import type { VideoFrame } from '../video/video-frame.js';

/** Five hours at five frames per second. A longer source counts as live, so that memory stays bounded. */
const MAX_REMEMBERED = 100_000;

/**
 * Distinguishes a recording, which starts again with each connection, from a source that continues. Only the frames show
 * the difference, because ffmpeg does not tell whether a transfer of unknown length ended or broke. No two frames of a
 * camera are identical to the last bit, except with a covered lens or a "no signal" picture. Connections that show only
 * one still picture are therefore not judged.
 */
export class KnownFrames {
  #known: number[] = []; // one mark per frame of the last connection that delivered a new frame
  #isRepetition = false;

  /** Whether the last connection delivered exactly the frames of an earlier one and ended at the same frame. */
  get isRepetition(): boolean {
    return this.#isRepetition;
  }

  /**
   * Leaves out the frames at the start of a connection that repeat an earlier connection.
   *
   * @param frames - Frames of one connection.
   * @returns The other frames, with `index` counted from 0.
   */
  async *leaveOut(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    this.#isRepetition = false;
    const known = this.#known;
    const own: number[] = [];
    let isKnown = true;
    let isStill = true;
    let first: VideoFrame | undefined; // held until the second frame shows whether the picture is still
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
