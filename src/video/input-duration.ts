/** ffmpeg describes its input before the first frame. A tag of the video cannot imitate the line, because it follows a colon. */
const DURATION_LINE = /^\[info\] {3}Duration: (?:(\d+):(\d+):(\d+(?:\.\d+)?)|N\/A)/;

/**
 * Reads the input's length from a line of ffmpeg's log.
 *
 * @returns Seconds, 0 if the length is unknown as for a live source, or undefined if the line is about something else.
 */
export function parseInputDuration(line: string): number | undefined {
  const match = DURATION_LINE.exec(line);
  if (!match) return undefined;
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
