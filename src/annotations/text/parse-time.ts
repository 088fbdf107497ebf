const SECONDS = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const CLOCK = /^(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d+)?)$/;

/**
 * Reads a time as people write it: seconds (`75.5`), `mm:ss.sss` (`01:15.5`) or `hh:mm:ss.sss` (`00:01:15.5`).
 *
 * @returns Seconds, or undefined if the text is none of these; a negative time is none.
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
