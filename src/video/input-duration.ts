/** ffmpeg describes its input before the first frame; the tag of a video could only imitate it behind a colon. */
const DURATION_LINE = /^\[info\] {3}Duration: (?:(\d+):(\d+):(\d+(?:\.\d+)?)|N\/A)/;

/**
 * Reads how long ffmpeg takes its input to be.
 *
 * @param line - A line of its stderr, with levels.
 * @returns Seconds; 0 where the input does not say, as a live one; undefined if the line is about something else.
 */
export function parseInputDuration(line: string): number | undefined {
  const match = DURATION_LINE.exec(line);
  if (!match) return undefined;
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
