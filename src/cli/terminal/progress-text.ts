const BAR_COLUMNS = 20;

/** A bar of 20 columns, rounded down as {@link formatShare}. @param share - 0 to 1. */
export function formatBar(share: number): string {
  const numFull = Math.floor(BAR_COLUMNS * Math.min(Math.max(share, 0), 1));
  return '█'.repeat(numFull).padEnd(BAR_COLUMNS, '░');
}

/** 0.425 → "42 %", rounded down: nothing is whole before it is. */
export function formatShare(share: number): string {
  return `${Math.floor(100 * share)} %`;
}

/** 4000 → "1:06:40", 65 → "1:05". */
export function formatDuration(seconds: number): string {
  const [hours, minutes, rest] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor) as [
    number,
    number,
    number,
  ];
  const pad = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}
