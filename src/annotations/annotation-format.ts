import type { Timeline } from '../timeline/timeline.js';
import type { AnnotationReader } from './annotation-reader.js';

/** What a writer may be told beside the timeline. */
export interface WriteOptions {
  /** Write the probability of every label beside each frame, where the format has a place for it. Off by default. */
  includeProbabilities?: boolean;
  /** The label of frames that have none, for formats that label every frame. */
  background?: string | undefined;
  /** Whether the video was labeled to its end, so that there are no frames after the last labeled one. */
  isWhole?: boolean;
  /** What the video belongs to, and its part of the dataset's split, where the format has a place for them. */
  group?: string;
  subset?: string;
}

/**
 * Something that a timeline may say beside what was labeled when; not every format has a place for it.
 *
 * - `confidence`: how sure the model was of a segment
 * - `frames`, `probabilities`: labels of single frames, and the probability of each label there
 * - `segments`: stretches that differ from the labels of their frames, as smoothing makes them
 * - `overlaps`, `gaps`: moments with two labels, and with none
 * - `times`: times between two frames
 * - `folder`, `extension`: the video's folder, and the ending of its name
 * - `group`, `subset`: what the video belongs to
 */
export type Detail =
  | 'confidence'
  | 'frames'
  | 'probabilities'
  | 'segments'
  | 'overlaps'
  | 'gaps'
  | 'times'
  | 'folder'
  | 'extension'
  | 'group'
  | 'subset';

/** A kind of label file. */
export interface AnnotationFormat extends AnnotationReader {
  /** What a user calls it on the command line. */
  name: string;
  /**
   * What is added to the video's name, with the dot. Where another format has the same ending, a word before it tells
   * them apart, and is listed in `media-names.ts`.
   */
  extension: string;
  /** What it has a place for. */
  holds: readonly Detail[];
  /**
   * The whole content of the file, the same for the same timeline.
   *
   * @throws {AnnotationError} If the format needs what is not known, such as the video's frame rate, or the label of a frame
   *   that has none.
   */
  write(timeline: Timeline, options?: WriteOptions): string;
}
