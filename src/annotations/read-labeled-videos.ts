import path from 'node:path';
import { AnnotationError, FramewiseError } from '../errors.js';
import type { Timeline } from '../timeline/timeline.js';
import type { VideoInfo } from '../video-info.js';
import { checkSegments } from './check-segments.js';
import {
  groupByVideo,
  type AnnotatedSegment,
  annotatedSegmentsOf,
  timelineOf,
  unknownVideo,
} from './annotated-segment.js';
import type { AnnotationFormat, LabelFile, ReadContext } from './annotation-format.js';
import { formatOf, openLabelFile } from './label-files.js';
import { isVideoFileName } from '../video/media-names.js';

/** Everything that a label file says about one video. Its segments may overlap. */
export interface LabeledVideo {
  timeline: Timeline;
  group?: string;
  subset?: string;
}

/**
 * Reads everything that a label file says, as one timeline per video. Frame rate, length and size that the file does not
 * state are taken from the videos themselves, if they are found.
 *
 * @param format - Format of the file. Default: detected from its extension and content.
 * @throws {AnnotationError} If the file cannot be read, has no known format, states something impossible, or has no
 *   segment.
 */
export async function readLabeledVideos(
  file: string,
  context: ReadContext,
  format?: AnnotationFormat,
): Promise<LabeledVideo[]> {
  const content = await openLabelFile(file);
  const { read, readTimelines } = format ?? formatOf(content);
  const videos = readTimelines
    ? checkTimelines(readTimelines(content), content, context)
    : joinSegments(checkSegments(await read(content, context), file, context));
  if (videos.length === 0) {
    throw new AnnotationError(`"${file}" labels nothing: it has no segment of a video.`, file);
  }
  for (const video of videos) video.timeline = await completeVideo(video.timeline, context);
  return videos;
}

function checkTimelines(timelines: Timeline[], file: LabelFile, context: ReadContext): LabeledVideo[] {
  checkSegments(timelines.flatMap(annotatedSegmentsOf), file.path, context);
  return timelines.map((timeline) => ({ timeline }));
}

function joinSegments(segments: readonly AnnotatedSegment[]): LabeledVideo[] {
  return [...groupByVideo(segments)].map(([name, own]) => {
    const [{ group, subset }] = own as [AnnotatedSegment];
    return { timeline: timelineOf(unknownVideo(name), own), group, subset };
  });
}

/** Completes a timeline from the video itself. A frame rate that the user gives takes precedence over both. */
async function completeVideo(timeline: Timeline, context: ReadContext): Promise<Timeline> {
  const { source } = timeline.video;
  const isKnown = timeline.video.frameRate > 0;
  const found = isKnown ? undefined : await probe(source, context);
  const video: VideoInfo = { ...(found ?? timeline.video), source: fullName(source, found) };
  if (context.frameRate === undefined) return { ...timeline, video };
  delete video.numFrames; // counted at another rate
  return { ...timeline, video: { ...video, frameRate: context.frameRate } };
}

/** Probes a video. If it is ambiguous or cannot be opened, its labels are converted without it. */
async function probe(source: string, { probe: ask, onWarning }: ReadContext): Promise<VideoInfo | undefined> {
  try {
    return await ask?.({ video: source, line: 1 });
  } catch (error) {
    if (!(error instanceof FramewiseError)) throw error;
    onWarning?.(`Cannot probe ${JSON.stringify(source)}, so only its labels are converted: ${error.message}`);
    return undefined;
  }
}

/** Completes a video name without extension, as some formats have it, from the file that was found. */
function fullName(source: string, found: VideoInfo | undefined): string {
  return found && !isVideoFileName(source) ? path.basename(found.source) : source;
}
