import { mapConcurrently } from '../../runtime/map-concurrently.js';
import { takePictures } from '../../view/take-frames.js';
import type { HardSegment, ReportData, ReportVideo } from './report-data.js';
import type { PictureStrip } from './timeline-chart.js';

/** The pictures that a report shows. */
export interface ReportPictures {
  /** Pictures above the timeline, by video. */
  strips: ReadonlyMap<ReportVideo, PictureStrip>;
  /** Data URIs, by segment. */
  segments: ReadonlyMap<HardSegment, string>;
  /** Why a video has no pictures, by its name. */
  problems: ReadonlyMap<string, string>;
}

/** A video up to this duration is shown at half the width, in seconds. */
export const LONGEST_CLIP_SEC = 15;

/** Pictures above a timeline: as many as fit its width. */
const NUM_PICTURES = 8;
const NUM_PICTURES_OF_CLIP = 4;

/** Videos read at once: while one is opened, another keeps the processor busy. */
const NUM_PARALLEL_VIDEOS = 3;

/**
 * Takes the pictures that a report shows. Each video is opened once; a video without a path has no pictures.
 *
 * @throws The reason of `signal`, when it is aborted.
 */
export async function takeReportPictures(
  { videos, hardest }: Pick<ReportData, 'videos' | 'hardest'>,
  signal?: AbortSignal,
): Promise<ReportPictures> {
  const strips = new Map<ReportVideo, PictureStrip>();
  const segments = new Map<HardSegment, string>();
  const problems = new Map<string, string>();
  const paths = new Map([
    ...hardest.map(({ video, path }) => [video, path] as const),
    ...videos.map(({ name, path }) => [name, path] as const),
  ]);
  await mapConcurrently([...paths], NUM_PARALLEL_VIDEOS, async ([name, path]) => {
    if (path !== undefined) await takeOf(name, path);
  });
  return { strips, segments, problems };

  async function takeOf(name: string, path: string): Promise<void> {
    const video = videos.find((shown) => shown.name === name);
    const own = hardest.filter((segment) => segment.video === name);
    const stripTimesSec = video ? timesAcross(video.durationSec) : [];
    const middlesSec = own.map(({ startSec, endSec }) => (startSec + endSec) / 2);
    const taken = await takePictures(path, [...stripTimesSec, ...middlesSec], signal);
    const { pictures, aspectRatio, problem } = taken;
    if (problem !== undefined) problems.set(name, problem);
    if (video) {
      const strip = stripTimesSec.map((timeSec, i) => ({ timeSec, picture: pictures[i] }));
      strips.set(video, { aspectRatio, pictures: strip });
    }
    own.forEach((segment, i) => {
      const picture = pictures[stripTimesSec.length + i];
      if (picture !== undefined) segments.set(segment, picture);
    });
  }
}

/** The middles of equal parts of a video, in seconds. */
function timesAcross(durationSec: number): number[] {
  const count = durationSec <= LONGEST_CLIP_SEC ? NUM_PICTURES_OF_CLIP : NUM_PICTURES;
  return Array.from({ length: count }, (_, i) => ((i + 0.5) * durationSec) / count);
}
