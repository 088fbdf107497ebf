import type { Timeline } from '../timeline/timeline.js';

/** What a writer may be told. */
export interface WriteOptions {
  /** Write the probability of every label beside each frame, where the format has a place for it. Off by default. */
  includeProbabilities?: boolean;
}

/** A kind of label file. */
export interface AnnotationFormat {
  /** What a user calls it. */
  name: string;
  /** Ending of its files, with the dot. */
  extension: string;
  /** The whole content of the file. */
  write(timeline: Timeline, options?: WriteOptions): string;
}
