/** The size of a picture to paint, in pixels. */
export interface Area {
  width: number;
  height: number;
  /** Row at which the floor begins. */
  floorLine: number;
}

/**
 * A band over the whole width, from one colour at its top to another at its bottom. No two bands of a picture may
 * begin at the same row.
 */
export function gradient({ width }: Area, top: number, bottom: number, from: string, to: string): string {
  const id = `shade${Math.round(top)}`;
  const stops = `<stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/>`;
  const band = `<rect y="${top}" width="${width}" height="${bottom - top}" fill="url(#${id})"/>`;
  return `<linearGradient id="${id}" x2="0" y2="1">${stops}</linearGradient>${band}`;
}

/** A filled rectangle, without an outline. */
export function rectangle(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>`;
}

/** A filled ellipse, turned clockwise by some degrees. */
export function ellipse(
  [x, y]: readonly [x: number, y: number],
  [radiusX, radiusY]: readonly [x: number, y: number],
  { fill = 'black', opacity = 1, degrees = 0 }: { fill?: string; opacity?: number; degrees?: number },
): string {
  const turned = degrees === 0 ? '' : `transform="rotate(${degrees} ${x} ${y})"`;
  const shape = `cx="${x}" cy="${y}" rx="${radiusX}" ry="${radiusY}"`;
  return `<ellipse ${shape} fill="${fill}" opacity="${opacity}" ${turned}/>`;
}

/** A filled polygon. */
export function polygon(corners: readonly (readonly [x: number, y: number])[], fill: string): string {
  return `<polygon points="${corners.join(' ')}" fill="${fill}"/>`;
}

/** A thin line. */
export function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${colour}" stroke-width="1.3"/>`;
}

/** Paints something several times; each time knows its number. */
export function repeat(times: number, paint: (at: number) => string): string {
  return Array.from({ length: times }, (_, at) => paint(at)).join('');
}

/** A colour by hue in degrees, any turn, and by saturation and lightness in percent. */
export function hsl(hue: number, saturation: number, lightness: number): string {
  return `hsl(${((hue % 360) + 360) % 360}, ${saturation.toFixed(1)}%, ${lightness.toFixed(1)}%)`;
}
