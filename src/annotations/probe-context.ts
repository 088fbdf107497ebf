import { probeVideo } from '../video/probe-video.js';
import type { ReadContext, ReadOptions } from './annotation-reader.js';
import type { FindVideo } from './datasets/video-finder.js';

/**
 * What a reader may ask of the videos that a label file names. Each is probed once, however often its rate is asked for.
 *
 * @param file - The label file, for messages.
 */
export function createProbeContext(file: string, find: FindVideo, options: ReadOptions): ReadContext {
  const probed = new Map<string, ReturnType<typeof probeVideo>>();
  return {
    ...options,
    async probe(reference) {
      const video = await find(file, reference);
      if (video === undefined) return undefined;
      const info = probed.get(video) ?? probeVideo(video);
      probed.set(video, info);
      return info;
    },
  };
}
