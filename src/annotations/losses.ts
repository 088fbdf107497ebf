import path from 'node:path';
import { labelsAtTimes } from '../timeline/segments.js';
import type { Detail } from './annotation-format.js';
import { separateSegments } from './check-segments.js';
import { annotatedSegmentsOf } from './annotated-segment.js';
import { isUrl } from '../addresses.js';
import { isVideoFileName } from '../video/media-names.js';
import type { LabeledVideo } from './read-labeled-videos.js';

/** Times closer together than this count as equal, because label files round to the millisecond. */
const TOLERANCE_SEC = 0.0015;

/** Words for the user about each detail: what it is, and what happens to it if a format cannot hold it. */
const WORDS: Record<Detail, [what: string, fate: string]> = {
  confidence: ['confidence', 'it was left out'],
  frames: ['labels of single frames', 'only the segments were kept'],
  probabilities: ['probabilities of all labels', 'they were left out'],
  segments: ['smoothed segments', 'only the labels of frames were kept'],
  overlaps: ['two labels at one moment', 'the one that starts later was kept'],
  gaps: ['moments without a label', 'they were given the background label'],
  times: ['times between two frames', 'they were rounded to whole frames'],
  folder: ["a video's folder", 'only the name was kept'],
  extension: ["the extension of a video's name", 'it was left out'],
  group: ['the group of a video', 'it was left out'],
  subset: ["a video's part of a split", 'it was left out'],
};

/** Formats a sentence about a detail that a format cannot hold: what happened to it, in how many videos. */
export function formatLoss(title: string, detail: Detail, numVideos: number): string {
  const [what, fate] = WORDS[detail];
  return `${title} cannot hold ${what}: ${fate}, in ${numVideos} ${numVideos === 1 ? 'video' : 'videos'}.`;
}

/** Lists the details that a labeled video has besides the label and time of each segment. */
export function detailsOf({ timeline, group, subset }: LabeledVideo): Detail[] {
  const { video, frames, segments } = timeline;
  const isPath = !isUrl(video.source);
  const isPresent: Record<Detail, boolean> = {
    confidence: segments.some(({ confidence }) => confidence !== 1),
    frames: frames.length > 0,
    probabilities: frames.some(({ probabilities }) => probabilities),
    segments: labelsAtTimes(
      segments,
      frames.map(({ timeSec }) => timeSec),
    ).some((label, position) => label !== frames[position]?.label),
    overlaps: separateSegments(annotatedSegmentsOf(timeline), '').overlaps.size > 0,
    gaps: hasGaps(timeline),
    times: segments.some(
      ({ startSec, endSec }) => !isOnFrame(startSec, video.frameRate) || !isOnFrame(endSec, video.frameRate),
    ),
    folder: isPath && path.dirname(video.source) !== '.',
    extension: isPath && isVideoFileName(video.source),
    group: group !== undefined,
    subset: subset !== undefined,
  };
  return (Object.keys(isPresent) as Detail[]).filter((detail) => isPresent[detail]);
}

function hasGaps({ video, segments }: LabeledVideo['timeline']): boolean {
  const byStart = [...segments].sort((a, b) => a.startSec - b.startSec);
  let coveredSec = 0;
  for (const { startSec, endSec } of byStart) {
    if (startSec > coveredSec + TOLERANCE_SEC) return true;
    coveredSec = Math.max(coveredSec, endSec);
  }
  const frameSec = video.frameRate > 0 ? 1 / video.frameRate : 0; // labels may end at the start of the last frame
  return video.durationSec > coveredSec + frameSec + TOLERANCE_SEC;
}

function isOnFrame(timeSec: number, frameRate: number): boolean {
  if (frameRate === 0) return true; // without a rate there are no frames to fall between
  return Math.abs(timeSec - Math.round(timeSec * frameRate) / frameRate) < TOLERANCE_SEC;
}
