import type { Random } from './random.js';

/** Where a scene is set. */
export const SETTINGS = ['room', 'hall', 'street', 'park'] as const;

export type Setting = (typeof SETTINGS)[number];

/** The size of a picture to paint, in pixels. */
export interface Area {
  width: number;
  height: number;
  /** Row at which the floor begins. */
  floorLine: number;
}

/** Paints a setting without people, as SVG. */
export function paintScenery(setting: Setting, area: Area, random: Random): string {
  const { width, height } = area;
  const grain = random.integer(1, 9999);
  const weave = `${random.between(0.02, 0.3).toFixed(3)} ${random.between(0.3, 0.9).toFixed(3)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs>
      <filter id="grain" x="0" y="0" width="100%" height="100%">
        <feTurbulence type="fractalNoise" baseFrequency="${weave}" numOctaves="3" seed="${grain}"/>
        <feColorMatrix values="0 0 0 0 0.5  0 0 0 0 0.5  0 0 0 0 0.5  0.7 0 0 0 -0.15"/>
      </filter>
      <filter id="soft"><feGaussianBlur stdDeviation="${random.between(0.3, 1.1).toFixed(2)}"/></filter>
      <radialGradient id="vignette" r="0.8"><stop offset="0.55" stop-opacity="0"/>
        <stop offset="1" stop-opacity="${random.between(0.05, 0.35).toFixed(2)}"/></radialGradient>
    </defs>
    <g filter="url(#soft)">${PAINTERS[setting](area, random)}</g>
    <rect width="${width}" height="${height}" filter="url(#grain)" opacity="${random.between(0.1, 0.4).toFixed(2)}"/>
    <rect width="${width}" height="${height}" fill="url(#vignette)"/>
  </svg>`;
}

type Painter = (area: Area, random: Random) => string;

const PAINTERS: Record<Setting, Painter> = { room, hall, street, park };

function room(area: Area, random: Random): string {
  const { width, floorLine } = area;
  const hue = random.integer(0, 359);
  const wall = hsl(hue, random.between(8, 38), random.between(52, 84));
  const props = [random.chance(0.7) && window, random.chance(0.6) && frame, random.chance(0.5) && shelf];
  const furniture = [random.chance(0.6) && sofa, random.chance(0.6) && plant, random.chance(0.4) && lamp];
  const painted = [...props, ...furniture].map((prop) => prop && prop(area, random));
  return [
    gradient(area, 0, floorLine, wall, hsl(hue, 20, random.between(40, 62))),
    floor(area, random, random.pick(['boards', 'carpet', 'tiles'])),
    rectangle(0, floorLine - 5, width, 5, hsl(hue, 12, random.pick([28, 92]))),
    ...painted.filter((prop) => prop !== false),
  ].join('');
}

function hall(area: Area, random: Random): string {
  const { width, floorLine } = area;
  const hue = random.integer(0, 359);
  const panel = random.between(24, 60);
  const light = random.between(46, 80);
  const [pale, deep] = [hsl(hue, 16, light), hsl(hue, 20, light - random.between(4, 16))];
  const panels = repeat(Math.ceil(width / panel), (at) =>
    rectangle(at * panel, 0, panel - 2, floorLine, at % 2 ? pale : deep),
  );
  const bars = repeat(random.integer(0, 9), (at) =>
    rectangle(0, floorLine * (0.15 + at * 0.08), width * 0.3, 2.5, hsl(32, 40, 48)),
  );
  const stripe = rectangle(
    0,
    floorLine * random.between(0.5, 0.8),
    width,
    random.between(3, 16),
    hsl(hue + 150, 45, 52),
  );
  const extra = random.chance(0.5) ? bench(area, random) : plant(area, random);
  return [
    gradient(area, 0, floorLine, deep, pale),
    panels,
    random.chance(0.5) ? stripe : '',
    bars,
    floor(area, random, random.pick(['boards', 'plain'])),
    extra,
  ].join('');
}

function street(area: Area, random: Random): string {
  const { width, floorLine } = area;
  const brick = { hue: random.integer(5, 40), lightness: random.between(36, 62) };
  const [brickWidth, brickHeight] = [random.between(14, 26), random.between(6, 10)];
  const rows = Math.ceil(floorLine / brickHeight);
  const bricks = repeat(rows, (row) =>
    repeat(Math.ceil(width / brickWidth) + 1, (column) =>
      rectangle(
        (column - (row % 2) / 2) * brickWidth,
        row * brickHeight,
        brickWidth - 1.2,
        brickHeight - 1.2,
        hsl(brick.hue, random.between(18, 40), brick.lightness + random.between(-5, 5)),
      ),
    ),
  );
  const openings = [random.chance(0.7) && window, random.chance(0.6) && door, random.chance(0.5) && window];
  const extra = random.pick([bench, plant, lamp, bench]);
  return [
    rectangle(0, 0, width, floorLine, hsl(brick.hue, 10, brick.lightness + 16)),
    random.chance(0.75) ? bricks : '',
    ...openings.map((opening) => opening && opening(area, random)).filter((opening) => opening !== false),
    floor(area, random, random.pick(['tiles', 'plain'])),
    extra(area, random),
  ].join('');
}

function park(area: Area, random: Random): string {
  const { width, height, floorLine } = area;
  const hills = repeat(3, (at) => {
    const base = floorLine - 34 + 13 * at;
    const points = repeat(
      9,
      (step) => `${(step * width) / 8},${(base + random.between(-12, 12)).toFixed(1)} `,
    );
    return `<polygon points="0,${height} ${points} ${width},${height}" fill="${hsl(random.integer(85, 190), 24, 58 - 9 * at)}"/>`;
  });
  const houses = repeat(random.integer(0, 4), () => {
    const [x, high] = [random.between(0, width), random.between(30, floorLine * 0.7)];
    return rectangle(
      x,
      floorLine - high,
      random.between(24, 60),
      high,
      hsl(random.integer(10, 230), 14, random.between(45, 75)),
    );
  });
  return [
    gradient(area, 0, floorLine, hsl(208, random.between(25, 70), random.between(58, 74)), hsl(200, 45, 88)),
    hills,
    houses,
    repeat(random.integer(1, 5), () => tree(area, random)),
    floor(area, random, random.pick(['grass', 'grass', 'plain'])),
    random.chance(0.5) ? bench(area, random) : '',
  ].join('');
}

type Floor = 'boards' | 'tiles' | 'carpet' | 'grass' | 'plain';

function floor({ width, height, floorLine }: Area, random: Random, kind: Floor): string {
  const depth = height - floorLine;
  const hue = { boards: 30, tiles: 210, carpet: random.integer(0, 359), grass: 96, plain: 220 }[kind];
  const saturation = { boards: 36, tiles: 8, carpet: 26, grass: 34, plain: 6 }[kind];
  const light = random.between(34, 66);
  const ground = gradient(
    { width, height, floorLine },
    floorLine,
    height,
    hsl(hue, saturation, light - 7),
    hsl(hue, saturation, light + 5),
  );
  const seam = hsl(hue, saturation, light - 13);
  const vanishing = random.between(0.3, 0.7) * width;
  const rays = repeat(23, (at) => {
    const foot = (at / 11 - 0.5) * width;
    const top = vanishing + (foot - vanishing) * 0.42;
    return line(top, floorLine, foot, height, seam);
  });
  const rows = repeat(5, (at) =>
    line(0, floorLine + depth * (at / 5) ** 1.6, width, floorLine + depth * (at / 5) ** 1.6, seam),
  );
  const blades = (): string =>
    repeat(160, () => {
      const [x, y] = [random.between(0, width), floorLine + depth * random.next()];
      return line(
        x,
        y,
        x + random.between(-2, 2),
        y - 4,
        hsl(hue + random.integer(-14, 14), 36, light + random.between(-12, 10)),
      );
    });
  switch (kind) {
    case 'boards':
      return ground + rays;
    case 'tiles':
      return ground + rays + rows;
    case 'grass':
      return ground + blades();
    case 'carpet':
      return `${ground}<ellipse cx="${width / 2}" cy="${floorLine + depth * 0.55}" rx="${width * 0.36}" ry="${depth * 0.3}" fill="${hsl(hue + 60, 30, light + 6)}"/>`;
    case 'plain':
      return ground;
  }
}

function window({ width, floorLine }: Area, random: Random): string {
  const [wide, high] = [random.between(46, 84), random.between(0.36, 0.55) * floorLine];
  const [x, y] = [random.between(8, width - wide - 8), random.between(0.08, 0.24) * floorLine];
  const day = random.chance(0.8) ? hsl(205, 60, random.between(74, 92)) : hsl(226, 40, 22);
  const bar = hsl(30, 14, random.pick([94, 34]));
  return [
    rectangle(x - 4, y - 4, wide + 8, high + 8, bar),
    rectangle(x, y, wide, high, day),
    `<path d="M${x} ${y + high} v${-0.3 * high} q${wide / 4} ${-0.3 * high} ${wide / 2} 0 t${wide / 2} 0 v${0.3 * high} z" fill="${hsl(120, 22, 52)}" opacity="0.5"/>`,
    rectangle(x + wide / 2 - 1.5, y, 3, high, bar),
    rectangle(x, y + high * 0.45, wide, 3, bar),
  ].join('');
}

function frame({ width, floorLine }: Area, random: Random): string {
  const [wide, high] = [random.between(22, 52), random.between(20, 46)];
  const [x, y] = [random.between(8, width - wide - 8), random.between(0.1, 0.35) * floorLine];
  const hue = random.integer(0, 359);
  return [
    rectangle(x, y, wide, high, hsl(32, 30, random.between(18, 70))),
    rectangle(x + 3, y + 3, wide - 6, high - 6, hsl(hue, 34, 70)),
    `<circle cx="${x + wide * 0.4}" cy="${y + high * 0.5}" r="${high * 0.2}" fill="${hsl(hue + 120, 40, 48)}"/>`,
  ].join('');
}

function shelf({ width, floorLine }: Area, random: Random): string {
  const [wide, levels] = [random.between(40, 70), random.integer(2, 4)];
  const [x, top] = [random.pick([6, width - wide - 6]), floorLine - levels * 27];
  const wood = hsl(28, 34, random.between(24, 56));
  const books = repeat(levels, (level) => {
    let at = x + 4;
    return repeat(9, () => {
      const [thick, high] = [random.between(3, 7), random.between(12, 21)];
      const book = rectangle(
        at,
        top + 25 + level * 27 - high,
        thick,
        high,
        hsl(random.integer(0, 359), 38, 48),
      );
      at += thick + 0.6;
      return at < x + wide - 6 ? book : '';
    });
  });
  const boards = repeat(levels + 1, (level) => rectangle(x, top - 2 + level * 27, wide, 3, wood));
  return rectangle(x, top, wide, levels * 27, hsl(28, 24, 20)) + books + boards;
}

function sofa({ width, floorLine }: Area, random: Random): string {
  const [wide, hue] = [random.between(96, 140), random.integer(0, 359)];
  const [x, base] = [random.between(0, width - wide), floorLine + 6];
  const [cloth, dark] = [hsl(hue, 30, random.between(32, 58)), hsl(hue, 30, 26)];
  const box = (left: number, top: number, w: number, h: number, fill: string): string =>
    `<rect x="${x + left}" y="${base + top}" width="${w}" height="${h}" rx="7" fill="${fill}"/>`;
  return [
    `<ellipse cx="${x + wide / 2}" cy="${base + 2}" rx="${wide * 0.54}" ry="6" opacity="0.3"/>`,
    box(6, -58, wide - 12, 46, dark),
    box(8, -56, wide / 2 - 10, 38, cloth),
    box(wide / 2 + 1, -56, wide / 2 - 10, 38, cloth),
    box(0, -30, wide, 30, dark),
    box(0, -40, 18, 40, cloth),
    box(wide - 18, -40, 18, 40, cloth),
    box(18, -30, wide - 36, 14, cloth),
  ].join('');
}

function plant({ width, floorLine }: Area, random: Random): string {
  const [x, base, high] = [
    random.between(14, width - 14),
    floorLine + random.between(2, 12),
    random.between(34, 74),
  ];
  const leaves = repeat(11, () => {
    const [dx, dy] = [random.between(-22, 22), random.between(0.4, 1) * high];
    const tilt = dx * 2;
    return `<ellipse cx="${x + dx}" cy="${base - 18 - dy}" rx="5" ry="${random.between(9, 16)}" transform="rotate(${tilt} ${x + dx} ${base - 18 - dy})" fill="${hsl(random.integer(88, 150), 34, random.between(24, 46))}"/>`;
  });
  return [
    `<ellipse cx="${x}" cy="${base}" rx="17" ry="4" opacity="0.35"/>`,
    line(x, base - 16, x, base - high, hsl(90, 30, 24)),
    leaves,
    `<polygon points="${x - 12},${base - 24} ${x + 12},${base - 24} ${x + 9},${base} ${x - 9},${base}" fill="${hsl(random.integer(8, 30), 44, random.between(36, 60))}"/>`,
  ].join('');
}

function lamp({ width, floorLine }: Area, random: Random): string {
  const [x, high] = [random.between(16, width - 16), random.between(0.55, 0.8) * floorLine];
  return [
    `<circle cx="${x}" cy="${floorLine - high}" r="34" fill="${hsl(46, 90, 82)}" opacity="0.22"/>`,
    rectangle(x - 1.2, floorLine - high, 2.4, high + 3, hsl(30, 6, 26)),
    `<polygon points="${x - 9},${floorLine - high - 14} ${x + 9},${floorLine - high - 14} ${x + 16},${floorLine - high + 8} ${x - 16},${floorLine - high + 8}" fill="${hsl(44, 62, 78)}"/>`,
    rectangle(x - 9, floorLine + 2, 18, 3, hsl(30, 6, 24)),
  ].join('');
}

function bench({ width, floorLine }: Area, random: Random): string {
  const wide = random.between(66, 104);
  const [x, base, wood] = [
    random.between(4, width - wide - 4),
    floorLine + 8,
    hsl(28, 40, random.between(28, 52)),
  ];
  return [
    `<ellipse cx="${x + wide / 2}" cy="${base}" rx="${wide * 0.52}" ry="4" opacity="0.3"/>`,
    rectangle(x + 6, base - 22, 4, 22, hsl(0, 0, 22)),
    rectangle(x + wide - 10, base - 22, 4, 22, hsl(0, 0, 22)),
    rectangle(x, base - 25, wide, 6, wood),
    rectangle(x, base - 44, wide, 5, wood),
    rectangle(x, base - 36, wide, 5, wood),
  ].join('');
}

function tree({ width, floorLine }: Area, random: Random): string {
  const [x, high] = [random.between(0, width), random.between(0.4, 0.75) * floorLine];
  const crown = repeat(8, () => {
    const [cx, cy] = [x + random.between(-24, 24), floorLine - high + random.between(-18, 24)];
    return `<circle cx="${cx}" cy="${cy}" r="${random.between(12, 22)}" fill="${hsl(random.integer(76, 140), 34, random.between(26, 44))}"/>`;
  });
  return rectangle(x - 4, floorLine - high, 8, high + 4, hsl(26, 30, 28)) + crown;
}

function door({ width, floorLine }: Area, random: Random): string {
  const [wide, high] = [44, 0.62 * floorLine];
  const x = random.between(8, width - wide - 8);
  const hue = random.integer(0, 359);
  return [
    rectangle(x - 4, floorLine - high - 4, wide + 8, high + 4, hsl(30, 8, 84)),
    rectangle(x, floorLine - high, wide, high, hsl(hue, 34, 34)),
    rectangle(x + 6, floorLine - high + 8, wide - 12, high * 0.36, hsl(hue, 30, 44)),
    `<circle cx="${x + wide - 6}" cy="${floorLine - high * 0.45}" r="2" fill="${hsl(46, 60, 66)}"/>`,
  ].join('');
}

function gradient({ width }: Area, top: number, bottom: number, from: string, to: string): string {
  const id = `shade${Math.round(top)}`;
  return `<linearGradient id="${id}" x2="0" y2="1"><stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient>
    <rect y="${top}" width="${width}" height="${bottom - top}" fill="url(#${id})"/>`;
}

function rectangle(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${colour}" stroke-width="1.3"/>`;
}

function repeat(times: number, paint: (at: number) => string): string {
  return Array.from({ length: times }, (_, at) => paint(at)).join('');
}

function hsl(hue: number, saturation: number, lightness: number): string {
  return `hsl(${((hue % 360) + 360) % 360}, ${saturation.toFixed(1)}%, ${lightness.toFixed(1)}%)`;
}
