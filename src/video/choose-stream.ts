/** The part of ffprobe's JSON that is used here. Numbers are text, and each may be missing or "N/A". */
export interface ProbedStream {
  index: number;
  codec_type?: string;
  codec_name?: string;
  width?: number;
  height?: number;
  sample_aspect_ratio?: string;
  avg_frame_rate?: string;
  r_frame_rate?: string;
  start_time?: string;
  duration?: string;
  nb_frames?: string;
  disposition?: { default?: number; attached_pic?: number; timed_thumbnails?: number };
  side_data_list?: { rotation?: number }[];
  tags?: Record<string, string>;
}

/** Video streams that players may show: all but cover pictures and thumbnails. */
export function movingStreams(streams: readonly ProbedStream[]): ProbedStream[] {
  return streams.filter(
    ({ codec_type: type, disposition }) =>
      type === 'video' && disposition?.attached_pic !== 1 && disposition?.timed_thumbnails !== 1,
  );
}

/**
 * Chooses the stream that players and ffmpeg show. A stream with one frame is a picture, whatever the file says. Then the
 * stream marked as default is preferred, then the one with more pixels, then the first.
 *
 * @param streams - At least one.
 * @param numPackets - Packets by stream index, as far as they were counted.
 */
export function chooseStream(
  streams: readonly ProbedStream[],
  numPackets: ReadonlyMap<number, number>,
): ProbedStream {
  const rank = (stream: ProbedStream): number[] => {
    const { width = 0, height = 0, disposition } = stream;
    const isPicture = (Number(stream.nb_frames) || numPackets.get(stream.index)) === 1;
    return [width * height > 0 ? 1 : 0, isPicture ? 0 : 1, disposition?.default ?? 0, width * height];
  };
  return streams.reduce((best, each) => (isHigher(rank(each), rank(best)) ? each : best));
}

/** Compares two ranks like words: the first difference decides. */
function isHigher(one: readonly number[], other: readonly number[]): boolean {
  const difference = one.map((value, i) => value - other[i]!).find((value) => value !== 0);
  return (difference ?? 0) > 0;
}

/** Pixels wider or higher than this are taken for a mistake of the file, and closer to a square for a rounded size. */
const MAX_PIXEL_RATIO = 4;
const MIN_DIFFERENCE = 0.02;

/** Width and height in pixels as players show them: square pixels, before rotation. */
export function shownSize({ width = 0, height = 0, sample_aspect_ratio: ratio = '' }: ProbedStream): {
  width: number;
  height: number;
} {
  const [across = 0, down = 0] = ratio.split(':').map(Number);
  const pixelRatio = across > 0 && down > 0 ? across / down : 1;
  const isPlausible = pixelRatio <= MAX_PIXEL_RATIO && pixelRatio >= 1 / MAX_PIXEL_RATIO;
  const isOther = Math.abs(pixelRatio - 1) >= MIN_DIFFERENCE;
  return { width: isPlausible && isOther ? Math.max(1, Math.round(width * pixelRatio)) : width, height };
}
