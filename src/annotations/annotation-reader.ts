import { AnnotationError } from '../errors.js';
import type { Timeline } from '../timeline/timeline.js';
import type { VideoInfo } from '../video-info.js';
import type { AnnotatedSegment } from './annotated-segments.js';

/** How to read label files. */
export interface ReadOptions {
  /** Receives one sentence for each thing that was put right on the way. */
  onWarning?: (message: string) => void;
  /** Receives each thing that was left out. Without it, `onWarning` is told. */
  onSkip?: (skipped: Skipped) => void;
  /** Whether a class folder without a clip is an error, instead of being left out. Default false. */
  isStrict?: boolean;
  /** Frames a second, for label files that count frames. Default: each video's own. */
  frameRate?: number;
  /** The one tier of an ELAN file that is read. Default: all of them. */
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

/** What a reader may ask for beside the file itself. */
export interface ReadContext extends ReadOptions {
  /** What the named video says of itself; undefined if it is absent. Not given where no videos are at hand. */
  probe?: (reference: VideoReference) => Promise<VideoInfo | undefined>;
}

/** A video as a label file names it, and where. */
export type VideoReference = Pick<AnnotatedSegment, 'video' | 'line' | 'entry'>;

/** Reads a kind of label file. */
export interface AnnotationReader {
  /** What a sentence calls it. */
  title: string;
  /** Endings of its files in lower case, with the dot. */
  extensions: readonly string[];
  /** Whether the content is of this kind: a glance that never throws. */
  recognizes: (file: LabelFile) => boolean;
  /**
   * Segments as they stand in the file, in its order: neither checked nor separated.
   *
   * @throws {AnnotationError} If the file is damaged or says something impossible.
   */
  read: (file: LabelFile, context: ReadContext) => AnnotatedSegment[] | Promise<AnnotatedSegment[]>;
  /** The same with all that the file says of single frames, a timeline a video; for formats that know frames. */
  readTimelines?: (file: LabelFile) => Timeline[];
  /** Whether such files list videos that nobody has any more; those are left out, not refused. */
  mayListAbsentVideos?: boolean;
}

/** Says that something was left out, to whoever listens. */
export function reportSkip(skipped: Skipped, { onSkip, onWarning }: ReadOptions): void {
  if (onSkip) onSkip(skipped);
  else onWarning?.(`Left out ${skipped.what}: ${skipped.why}.`);
}

/**
 * Frames a second at which a label file counts: as the user says, else the video's own.
 *
 * @throws {AnnotationError} If the video is absent, or does not know its rate.
 */
export async function frameRateOf(
  { path }: LabelFile,
  reference: VideoReference,
  { frameRate, probe }: ReadContext,
): Promise<number> {
  const rate = frameRate ?? (await probe?.(reference))?.frameRate;
  if (rate !== undefined && rate > 0) return rate;
  const problem = rate === undefined ? 'is not there' : 'does not know its frame rate';
  throw new AnnotationError(
    `"${path}" counts frames of ${JSON.stringify(reference.video)}, which ${problem}. Add the video, or say the rate ` +
      'at which frames were counted.',
    path,
    reference.line,
  );
}
