import { bench, door, frame, lamp, plant, shelf, sofa, tree, window } from './props.js';
import type { Random } from './random.js';
import { ellipse, gradient, hsl, line, polygon, rectangle, repeat } from './svg.js';
import type { Area } from './svg.js';

/** Where a scene is set. */
export const SETTINGS = ['room', 'hall', 'street', 'park'] as const;

type Setting = (typeof SETTINGS)[number];

/** Paints a setting without people, as SVG. */
export function paintScenery(setting: Setting, area: Area, random: Random): string {
  const whole = `width="${area.width}" height="${area.height}"`;
  const grain = random.integer(1, 9999);
  const weave = `${random.between(0.02, 0.3).toFixed(3)} ${random.between(0.3, 0.9).toFixed(3)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${whole}>
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
    <rect ${whole} filter="url(#grain)" opacity="${random.between(0.1, 0.4).toFixed(2)}"/>
    <rect ${whole} fill="url(#vignette)"/>
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
    const peaks = Array.from(
      { length: 9 },
      (_, step) => [(step * width) / 8, base + random.between(-12, 12)] as const,
    );
    return polygon([[0, height], ...peaks, [width, height]], hsl(random.integer(85, 190), 24, 58 - 9 * at));
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
  const rug = hsl(hue + 60, 30, light + 6);
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
      return (
        ground + ellipse([width / 2, floorLine + depth * 0.55], [width * 0.36, depth * 0.3], { fill: rug })
      );
    case 'plain':
      return ground;
  }
}
