/** The size of a picture to paint, in pixels. */
export interface Area {
  width: number;
  height: number;
  /** Row at which the floor begins. */
  floorLine: number;
}

export function gradient({ width }: Area, top: number, bottom: number, from: string, to: string): string {
  const id = `shade${Math.round(top)}`;
  return `<linearGradient id="${id}" x2="0" y2="1"><stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient>
    <rect y="${top}" width="${width}" height="${bottom - top}" fill="url(#${id})"/>`;
}

export function rectangle(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${colour}" stroke-width="1.3"/>`;
}

export function repeat(times: number, paint: (at: number) => string): string {
  return Array.from({ length: times }, (_, at) => paint(at)).join('');
}

export function hsl(hue: number, saturation: number, lightness: number): string {
  return `hsl(${((hue % 360) + 360) % 360}, ${saturation.toFixed(1)}%, ${lightness.toFixed(1)}%)`;
}
