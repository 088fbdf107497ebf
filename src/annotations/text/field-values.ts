const SECONDS = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const CLOCK = /^(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d+)?)$/;

/**
 * Parses a time as people write it: seconds (`75.5`), `mm:ss.sss` (`01:15.5`) or `hh:mm:ss.sss` (`00:01:15.5`).
 *
 * @returns Seconds; undefined if the text has none of these forms. Negative times are not accepted.
 */
export function parseTime(text: string): number | undefined {
  if (SECONDS.test(text)) {
    const seconds = Number(text);
    return Number.isFinite(seconds) ? seconds : undefined;
  }
  const [, hours, minutes, seconds] = CLOCK.exec(text) ?? [];
  if (Number(seconds) >= 60 || (hours !== undefined && Number(minutes) >= 60)) return undefined;
  return seconds === undefined
    ? undefined
    : Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** Puts a label on one line, for formats with one entry per line: white space and control characters become one space. */
export function oneLine(label: string): string {
  return label.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

/** Rounds a time in seconds or a probability to six decimals, as the JSON formats write them. */
export function roundToMillionths(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
