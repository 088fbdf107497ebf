import { AnnotationError } from '../errors.js';
import type { Timeline } from '../timeline/timeline.js';
import type { VideoInfo } from '../video-info.js';
import type { AnnotatedSegment, VideoReference } from './annotated-segment.js';

/** How to read label files. */
export interface ReadOptions {
  /** Receives one sentence for each irregularity that was corrected. */
  onWarning?: (message: string) => void;
  /** Receives everything that was left out. Default: `onWarning` receives a sentence about each. */
  onSkip?: (skipped: Skipped) => void;
  /** Whether a class folder without a clip is an error instead of being left out. Default false. */
  isStrict?: boolean;
  /** Frames per second, for label files that count frames. Default: each video's own. */
  frameRate?: number;
  /** Name of the only tier to read from an ELAN file. Default: all tiers. */
  tier?: string;
}

/** Something in a dataset that is left out. */
export interface Skipped {
  /** A file, a video, or an entry of a label file. */
  what: string;
  why: string;
}

/** A label file, read as text. */
export interface LabelFile {
  path: string;
  /** UTF-8, without a byte-order mark. */
  text: string;
}

/** What a reader may use besides the file itself. */
export interface ReadContext extends ReadOptions {
  /** Probes the named video; returns undefined if it is absent. Not set if there are no videos to search. */
  probe?: (reference: VideoReference) => Promise<VideoInfo | undefined>;
}

/** Values that only some formats can hold. */
export interface WriteOptions {
  /** Write the probability of every label for each frame, if the format can hold it. Off by default. */
  includeProbabilities?: boolean;
  /** Write `'` before texts in CSV files that a spreadsheet would take for a formula. Readers remove it. Default false. */
  escapeFormulas?: boolean;
  /** Label of unlabeled frames, for formats that label every frame. */
  background?: string;
  /** Whether the video was labeled to its end, so that no frames follow the last labeled one. */
  isWhole?: boolean;
  /** Group of the video, if the format can hold it. */
  group?: string;
  /** The video's part of the dataset's split, if the format can hold it. */
  subset?: string;
}

/**
 * Information that only some formats can hold.
 *
 * - `confidence`: the model's confidence in a segment
 * - `frames`, `probabilities`: labels of single frames, and the probability of each label there
 * - `segments`: segments that differ from the labels of their frames, as smoothing makes them
 * - `overlaps`, `gaps`: moments with two labels, and moments with none
 * - `times`: times between two frames
 * - `folder`, `extension`: the folder of the video, and the extension of its name
 * - `group`, `subset`: the group of the video, and its part of a split
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

/** A format of label files: how to recognize, read and write it. */
export interface AnnotationFormat {
  /** Name on the command line. */
  name: string;
  /** Name in messages. */
  title: string;
  /**
   * Added to the video's name to make the file's name, with the dot. If another format has the same last extension, a
   * word before it tells them apart; `media-names.ts` lists those words.
   */
  extension: string;
  /** Extensions of files that this format may read, in lower case, with the dot. */
  extensions: readonly string[];
  /** The details that the format can hold. */
  holds: readonly Detail[];
  /** Whether the content looks like this format: a quick look that never throws. */
  recognizes: (file: LabelFile) => boolean;
  /**
   * Reads the segments as they are in the file, in its order. They are neither checked nor separated.
   *
   * @throws {AnnotationError} If the file is damaged or states something impossible.
   */
  read: (file: LabelFile, context: ReadContext) => AnnotatedSegment[] | Promise<AnnotatedSegment[]>;
  /** Reads one timeline per video with everything the file says about frames; only for formats that hold frames. */
  readTimelines?: (file: LabelFile) => Timeline[];
  /** Whether such files list videos that are no longer available. Those are left out instead of being an error. */
  mayListAbsentVideos?: boolean;
  /**
   * Formats the whole content of the file. The same timeline always has the same content.
   *
   * @throws {AnnotationError} If the format needs something that is unknown, such as the video's frame rate or a label
   *   for unlabeled frames.
   */
  write(timeline: Timeline, options?: WriteOptions): string;
}

/** Reports something that was left out to `onSkip`, or to `onWarning` if there is no `onSkip`. */
export function reportSkip(skipped: Skipped, { onSkip, onWarning }: ReadOptions): void {
  if (onSkip) onSkip(skipped);
  else onWarning?.(`Left out ${skipped.what}: ${skipped.why}.`);
}

/**
 * Finds the frame rate at which a label file counts frames: the one that the user gives, else the video's own.
 *
 * @throws {AnnotationError} If the video is absent or its frame rate is unknown.
 */
export async function frameRateOf(
  { path }: LabelFile,
  reference: VideoReference,
  { frameRate, probe }: ReadContext,
): Promise<number> {
  const rate = frameRate ?? (await probe?.(reference))?.frameRate;
  if (rate !== undefined && rate > 0) return rate;
  const problem = rate === undefined ? 'was not found' : 'has an unknown frame rate';
  throw new AnnotationError(
    `"${path}" counts frames of ${JSON.stringify(reference.video)}, which ${problem}. Add the video, or give the rate ` +
      'at which frames were counted (frameRate, --frame-rate).',
    path,
    reference.line,
  );
}

/** Puts a label on one line, for formats with one entry per line: white space and control characters become one space. */
export function oneLine(label: string): string {
  return label.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}
