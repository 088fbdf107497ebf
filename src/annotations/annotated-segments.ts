import { AnnotationError } from '../errors.js';
import type { LabelSpan } from '../timeline/timeline.js';
import { reportSkip, type ReadOptions } from './annotation-reader.js';

/** A stretch of a video that a person labeled. */
export interface AnnotatedSegment extends LabelSpan {
  /** The video as the label file names it. */
  video: string;
  /** How sure a model was of it, 0 to 1; undefined where a person labeled. */
  confidence?: number;
  /** One-based line of the label file; the last one where a quoted field holds line breaks. */
  line?: number;
  /** Which entry of the file it is, where lines say little, as in JSON. */
  entry?: string;
  /** What the video belongs to (a person, a camera, a recording), where the file says so. */
  group?: string;
  /** The part of the dataset (training, validation, testing) that the file puts the video into. */
  subset?: string;
}

/** A moment that had two labels, of which one was kept. */
export interface LabelOverlap {
  startSec: number;
  endSec: number;
  kept: string;
  dropped: string;
}

/** More overlaps than this are counted, not told one by one. */
const MAX_TOLD = 5;

/** Where in its file a segment stands: `line 3`, or the entry. */
export function placeOf({ line, entry }: Pick<AnnotatedSegment, 'line' | 'entry'>): string {
  return entry ?? `line ${line}`;
}

/**
 * Refuses segments that cannot be, and leaves out those without length, which some tools use as markers.
 *
 * @throws {AnnotationError} If a label or a video's name is empty, a time is negative or no number, or an end lies before its start.
 */
export function checkSegments(
  segments: readonly AnnotatedSegment[],
  file: string,
  options: ReadOptions,
): AnnotatedSegment[] {
  return segments.filter((segment) => {
    const { label, startSec, endSec } = segment;
    const refuse = (problem: string): never => {
      throw new AnnotationError(`"${file}" ${placeOf(segment)}: ${problem}.`, file, segment.line);
    };
    if (segment.video.trim() === '') refuse('the video is not named');
    if (label.trim() === '') refuse('the label is empty. Name it, or remove the segment');
    if (!(startSec >= 0) || Number.isNaN(endSec)) {
      refuse(`expected times from 0 on, received ${startSec} to ${endSec} s`);
    }
    if (endSec < startSec) refuse(`the segment ends at ${endSec} s, before its start at ${startSec} s`);
    if (endSec > startSec) return true;
    reportSkip(
      {
        what: `${JSON.stringify(label)} at ${startSec} s, "${file}" ${placeOf(segment)}`,
        why: 'it has no length',
      },
      options,
    );
    return false;
  });
}

/** Segments by the name of their video, in the order in which videos first appear. */
export function groupByVideo(segments: readonly AnnotatedSegment[]): Map<string, AnnotatedSegment[]> {
  const videos = new Map<string, AnnotatedSegment[]>();
  for (const segment of segments) {
    const own = videos.get(segment.video);
    if (own) own.push(segment);
    else videos.set(segment.video, [segment]);
  }
  return videos;
}

/**
 * Orders segments by video and start, and makes sure that no moment of a video has two labels. Where two overlap, the
 * one that starts later is kept, of two that start together the later one in the file; the other is cut around it, and
 * goes on behind it if it is longer.
 *
 * @param segments - Segments of any number of videos, in the order of the file.
 * @param file - The label file, for messages.
 * @param onWarning - Receives a sentence for each overlap, and a count where there are many.
 * @returns Copies of the segments, videos in the order in which they first appear; and the overlaps of each video.
 */
export function separateSegments(
  segments: readonly AnnotatedSegment[],
  file: string,
  onWarning?: (message: string) => void,
): { segments: AnnotatedSegment[]; overlaps: Map<string, LabelOverlap[]> } {
  const overlaps = new Map<string, LabelOverlap[]>();
  let numOverlaps = 0;
  const separated = [...groupByVideo(segments)].flatMap(([video, own]) => {
    const found: LabelOverlap[] = [];
    const kept = layer(own, (under, over, overlap) => {
      found.push(overlap);
      if (++numOverlaps <= MAX_TOLD) onWarning?.(tell(file, under, over, overlap));
    });
    if (found.length > 0) overlaps.set(video, found);
    return kept;
  });
  if (numOverlaps > MAX_TOLD) {
    onWarning?.(
      `"${file}" has ${numOverlaps - MAX_TOLD} more overlaps. Of two labels the one that starts later was kept.`,
    );
  }
  return { segments: separated, overlaps };
}

type OnOverlap = (under: AnnotatedSegment, over: AnnotatedSegment, overlap: LabelOverlap) => void;

/** Lays the segments of one video on top of one another by start, each cutting what lies below it. */
function layer(segments: readonly AnnotatedSegment[], onOverlap: OnOverlap): AnnotatedSegment[] {
  const ordered = [...segments].sort((a, b) => a.startSec - b.startSec); // stable: the file's order breaks ties
  const kept: AnnotatedSegment[] = []; // by start, disjoint
  for (const over of ordered) {
    const cut: AnnotatedSegment[] = [];
    // Whatever ends before this start is out of reach of all that follow, so only the tail is looked at.
    let first = kept.length;
    while (first > 0 && (kept[first - 1] as AnnotatedSegment).endSec > over.startSec) first--;
    for (const under of kept.splice(first)) {
      const startSec = Math.max(under.startSec, over.startSec);
      const endSec = Math.min(under.endSec, over.endSec);
      if (startSec >= endSec) {
        cut.push(under);
        continue;
      }
      onOverlap(under, over, { startSec, endSec, kept: over.label, dropped: under.label });
      if (under.startSec < startSec) cut.push({ ...under, endSec: startSec });
      if (under.endSec > endSec) cut.push({ ...under, startSec: endSec });
    }
    cut.push({ ...over });
    kept.push(...cut.sort((a, b) => a.startSec - b.startSec));
  }
  return kept;
}

function tell(file: string, under: AnnotatedSegment, over: AnnotatedSegment, overlap: LabelOverlap): string {
  const [first, second] = [placeOf(under), placeOf(over)];
  const isByLine = under.entry === undefined && over.entry === undefined;
  const places = isByLine ? `lines ${under.line} and ${over.line}` : `${first} and ${second}`;
  return (
    `"${file}" ${places}: in ${JSON.stringify(over.video)}, ${spell(under)} and ${spell(over)} overlap by ` +
    `${(overlap.endSec - overlap.startSec).toFixed(3)} s. The one that starts later was kept there.`
  );
}

function spell({ label, startSec, endSec }: AnnotatedSegment): string {
  return `${JSON.stringify(label)} from ${startSec} to ${endSec} s`;
}
