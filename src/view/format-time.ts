/** Seconds as a person reads them: `8.4 s`, and from a minute on, where seconds alone are hard to read, `1:15`. */
export function formatTime(seconds: number): string {
  const tenths = Math.round(10 * seconds);
  if (tenths < 600) return `${tenths / 10} s`;
  const [hours, minutes, rest] = [
    Math.floor(tenths / 36000),
    Math.floor(tenths / 600) % 60,
    (tenths % 600) / 10,
  ];
  const pad = (value: number): string => (value < 10 ? `0${value}` : String(value));
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}
