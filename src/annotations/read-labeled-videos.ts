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

/** All that a label file says of one video. Its segments may overlap. */
export interface LabeledVideo {
  timeline: Timeline;
  group?: string | undefined;
  subset?: string | undefined;
}

/**
 * Reads everything that a label file says, a timeline a video. What the file does not say of its videos is asked of the
 * videos themselves, where they are at hand.
 *
 * @param format - Its format; found by its ending and content if not given.
 * @throws {AnnotationError} If it cannot be read, is of no known kind, says something impossible, or labels nothing.
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
    throw new AnnotationError(`"${file}" labels nothing: it holds no segment of a video.`, file);
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

/** Asks the video what the label file does not say; a rate that the user says goes before either. */
async function completeVideo(timeline: Timeline, context: ReadContext): Promise<Timeline> {
  const { source } = timeline.video;
  const isKnown = timeline.video.frameRate > 0;
  const found = isKnown ? undefined : await probe(source, context);
  const video: VideoInfo = { ...(found ?? timeline.video), source: fullName(source, found) };
  if (context.frameRate === undefined) return { ...timeline, video };
  delete video.numFrames; // they were counted at another rate
  return { ...timeline, video: { ...video, frameRate: context.frameRate } };
}

/** A video that cannot be told or opened is no reason to refuse its labels. */
async function probe(source: string, { probe: ask, onWarning }: ReadContext): Promise<VideoInfo | undefined> {
  try {
    return await ask?.({ video: source, line: 1 });
  } catch (error) {
    if (!(error instanceof FramewiseError)) throw error;
    onWarning?.(`Nothing is known of ${JSON.stringify(source)} but its labels: ${error.message}`);
    return undefined;
  }
}

/** Some formats name a video without the ending of its file; the file that was found has it. */
function fullName(source: string, found: VideoInfo | undefined): string {
  return found && !isVideoFileName(source) ? path.basename(found.source) : source;
}
