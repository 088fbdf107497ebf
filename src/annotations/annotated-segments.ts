import { AnnotationError } from '../errors.js';
import type { LabelSpan } from '../timeline/timeline.js';

/** A stretch of a video that a person labelled. */
export interface AnnotatedSegment extends LabelSpan {
  /** The video as the label file names it. */
  video: string;
  /** One-based line of the label file; the last one where a quoted field holds line breaks. */
  line: number;
}

/** Overlaps up to this are two readings of one boundary, not a contradiction. */
const BOUNDARY_SLACK_SEC = 0.25;

/**
 * Orders segments by video and start, and makes sure that no moment of a video has two labels. Where a segment runs
 * into the next by no more than the slack, it is cut at the next one's start.
 *
 * @param file - The label file, for messages.
 * @param onWarning - Receives a sentence for each cut.
 * @returns Copies of the segments; videos are in the order in which they first appear.
 * @throws {AnnotationError} If two segments of one video overlap by more, or one lies within the other.
 */
export function separateSegments(
  segments: readonly AnnotatedSegment[],
  file: string,
  onWarning?: (message: string) => void,
): AnnotatedSegment[] {
  const rank = new Map<string, number>();
  for (const { video } of segments) if (!rank.has(video)) rank.set(video, rank.size);
  const rankOf = ({ video }: AnnotatedSegment): number => rank.get(video) as number;
  const ordered = segments
    .map((segment) => ({ ...segment }))
    .sort((a, b) => rankOf(a) - rankOf(b) || a.startSec - b.startSec || a.line - b.line);
  ordered.slice(1).forEach((next, i) => {
    const previous = ordered[i] as AnnotatedSegment;
    const overlapSec = previous.endSec - next.startSec;
    if (previous.video !== next.video || overlapSec <= 0) return;
    const pair = `"${file}" lines ${previous.line} and ${next.line}: in ${JSON.stringify(next.video)}, ${spell(previous)}`;
    const isNested = previous.startSec === next.startSec || next.endSec <= previous.endSec;
    if (isNested || overlapSec > BOUNDARY_SLACK_SEC) {
      throw new AnnotationError(
        `${pair} and ${spell(next)} overlap. A moment has one label: correct one of the two.`,
        file,
        next.line,
      );
    }
    onWarning?.(
      `${pair} runs ${overlapSec.toFixed(3)} s into ${spell(next)}. It was cut at ${next.startSec} s.`,
    );
    previous.endSec = next.startSec;
  });
  return ordered;
}

function spell({ label, startSec, endSec }: AnnotatedSegment): string {
  return `${JSON.stringify(label)} from ${startSec} to ${endSec} s`;
}
