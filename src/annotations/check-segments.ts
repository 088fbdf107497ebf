import { AnnotationError } from '../errors.js';
import { groupByVideo, placeOf, type AnnotatedSegment } from './annotated-segment.js';
import { reportSkip, type ReadOptions } from './annotation-format.js';

/** A time span that had two labels, of which one was kept. */
export interface LabelOverlap {
  startSec: number;
  endSec: number;
  kept: string;
  dropped: string;
}

/** Number of overlaps that are reported one by one. The rest are only counted. */
const MAX_REPORTED = 5;

/**
 * Rejects impossible segments, and leaves out those of zero length, which some tools use as markers.
 *
 * @param file - The label file, for messages.
 * @throws {AnnotationError} If a label or a video's name is empty, a time is negative or not a number, or a segment ends
 *   before it starts.
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

/**
 * Sorts segments by video and start, and cuts them so that no moment of a video has two labels. Of two overlapping
 * segments the one that starts later is kept (on a tie, the later one in the file); the other is cut around it, and
 * continues after it if it is longer.
 *
 * @param segments - Segments of any number of videos, in the order of the file.
 * @param file - The label file, for messages.
 * @param onWarning - Receives a sentence for each of the first overlaps, then a count of the rest.
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
      if (++numOverlaps <= MAX_REPORTED) onWarning?.(formatOverlap(file, under, over, overlap));
    });
    if (found.length > 0) overlaps.set(video, found);
    return kept;
  });
  if (numOverlaps > MAX_REPORTED) {
    onWarning?.(
      `"${file}" has ${numOverlaps - MAX_REPORTED} more overlaps. Of two labels the one that starts later was kept.`,
    );
  }
  return { segments: separated, overlaps };
}

type OnOverlap = (under: AnnotatedSegment, over: AnnotatedSegment, overlap: LabelOverlap) => void;

/** Stacks the segments of one video by start; each cuts those below it. */
function layer(segments: readonly AnnotatedSegment[], onOverlap: OnOverlap): AnnotatedSegment[] {
  const ordered = [...segments].sort((a, b) => a.startSec - b.startSec); // stable: the file's order breaks ties
  const kept: AnnotatedSegment[] = []; // by start, disjoint
  for (const over of ordered) {
    const cut: AnnotatedSegment[] = [];
    // No later segment can reach one that ends before this start, so only the tail is compared.
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

function formatOverlap(
  file: string,
  under: AnnotatedSegment,
  over: AnnotatedSegment,
  overlap: LabelOverlap,
): string {
  const [first, second] = [placeOf(under), placeOf(over)];
  const isByLine = under.entry === undefined && over.entry === undefined;
  const places = isByLine ? `lines ${under.line} and ${over.line}` : `${first} and ${second}`;
  const [underText, overText] = [under, over].map(
    ({ label, startSec, endSec }) => `${JSON.stringify(label)} from ${startSec} to ${endSec} s`,
  );
  return (
    `"${file}" ${places}: in ${JSON.stringify(over.video)}, ${underText} and ${overText} overlap by ` +
    `${(overlap.endSec - overlap.startSec).toFixed(3)} s. The one that starts later was kept there.`
  );
}
