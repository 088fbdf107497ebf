import { takePictures } from '../../view/take-frames.js';
import type { HardSegment } from './hardest-segments.js';
import type { ReportData, ReportVideo } from './report-data.js';
import type { PictureStrip } from './timeline-chart.js';

/** Pictures of what a report shows. */
export interface ReportPictures {
  /** By video. */
  strips: ReadonlyMap<ReportVideo, PictureStrip>;
  /** Data URIs by segment. */
  segments: ReadonlyMap<HardSegment, string>;
  /** Why a video has no pictures, by its name. */
  problems: ReadonlyMap<string, string>;
}

/** Up to this length a video is shown in half the width. */
export const LONGEST_CLIP_SEC = 15;

/** Pictures above a timeline: as many as its width has room for. */
const NUM_PICTURES = 8;
const NUM_PICTURES_OF_CLIP = 4;

/** Videos read at once: while one is being opened, another keeps the processor busy. */
const NUM_PARALLEL_VIDEOS = 3;

/**
 * Takes the pictures that a report shows, opening each video once. Videos without a path have none.
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
  const queue = paths.entries();
  const work = async (): Promise<void> => {
    for (const [name, path] of queue) if (path !== undefined) await takeOf(name, path);
  };
  await Promise.all(Array.from({ length: NUM_PARALLEL_VIDEOS }, work));
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

/** Middles of equal parts. */
function timesAcross(durationSec: number): number[] {
  const count = durationSec <= LONGEST_CLIP_SEC ? NUM_PICTURES_OF_CLIP : NUM_PICTURES;
  return Array.from({ length: count }, (_, i) => ((i + 0.5) * durationSec) / count);
}
