import type { Random } from './random.js';
import { ellipse, hsl, line, polygon, rectangle, repeat } from './svg.js';
import type { Area } from './svg.js';

/** A window with the sky and hills behind it. */
export function window({ width, floorLine }: Area, random: Random): string {
  const [wide, high] = [random.between(46, 84), random.between(0.36, 0.55) * floorLine];
  const [x, y] = [random.between(8, width - wide - 8), random.between(0.08, 0.24) * floorLine];
  const day = random.chance(0.8) ? hsl(205, 60, random.between(74, 92)) : hsl(226, 40, 22);
  const bar = hsl(30, 14, random.pick([94, 34]));
  const rise = 0.3 * high;
  const hills = `v${-rise} q${wide / 4} ${-rise} ${wide / 2} 0 t${wide / 2} 0 v${rise} z`;
  return [
    rectangle(x - 4, y - 4, wide + 8, high + 8, bar),
    rectangle(x, y, wide, high, day),
    `<path d="M${x} ${y + high} ${hills}" fill="${hsl(120, 22, 52)}" opacity="0.5"/>`,
    rectangle(x + wide / 2 - 1.5, y, 3, high, bar),
    rectangle(x, y + high * 0.45, wide, 3, bar),
  ].join('');
}

/** A framed picture on the wall. */
export function frame({ width, floorLine }: Area, random: Random): string {
  const [wide, high] = [random.between(22, 52), random.between(20, 46)];
  const [x, y] = [random.between(8, width - wide - 8), random.between(0.1, 0.35) * floorLine];
  const hue = random.integer(0, 359);
  return [
    rectangle(x, y, wide, high, hsl(32, 30, random.between(18, 70))),
    rectangle(x + 3, y + 3, wide - 6, high - 6, hsl(hue, 34, 70)),
    ellipse([x + wide * 0.4, y + high * 0.5], [high * 0.2, high * 0.2], { fill: hsl(hue + 120, 40, 48) }),
  ].join('');
}

/** A shelf of books against the wall. */
export function shelf({ width, floorLine }: Area, random: Random): string {
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

/** A sofa against the wall. */
export function sofa({ width, floorLine }: Area, random: Random): string {
  const [wide, hue] = [random.between(96, 140), random.integer(0, 359)];
  const [x, base] = [random.between(0, width - wide), floorLine + 6];
  const [cloth, dark] = [hsl(hue, 30, random.between(32, 58)), hsl(hue, 30, 26)];
  const box = (left: number, top: number, w: number, h: number, fill: string): string =>
    `<rect x="${x + left}" y="${base + top}" width="${w}" height="${h}" rx="7" fill="${fill}"/>`;
  return [
    ellipse([x + wide / 2, base + 2], [wide * 0.54, 6], { opacity: 0.3 }),
    box(6, -58, wide - 12, 46, dark),
    box(8, -56, wide / 2 - 10, 38, cloth),
    box(wide / 2 + 1, -56, wide / 2 - 10, 38, cloth),
    box(0, -30, wide, 30, dark),
    box(0, -40, 18, 40, cloth),
    box(wide - 18, -40, 18, 40, cloth),
    box(18, -30, wide - 36, 14, cloth),
  ].join('');
}

/** A plant in a pot. */
export function plant({ width, floorLine }: Area, random: Random): string {
  const [x, base, high] = [
    random.between(14, width - 14),
    floorLine + random.between(2, 12),
    random.between(34, 74),
  ];
  const leaves = repeat(11, () => {
    const [dx, dy] = [random.between(-22, 22), random.between(0.4, 1) * high];
    const length = random.between(9, 16);
    const fill = hsl(random.integer(88, 150), 34, random.between(24, 46));
    return ellipse([x + dx, base - 18 - dy], [5, length], { fill, degrees: 2 * dx });
  });
  const pot = [
    [x - 12, base - 24],
    [x + 12, base - 24],
    [x + 9, base],
    [x - 9, base],
  ] as const;
  return [
    ellipse([x, base], [17, 4], { opacity: 0.35 }),
    line(x, base - 16, x, base - high, hsl(90, 30, 24)),
    leaves,
    polygon(pot, hsl(random.integer(8, 30), 44, random.between(36, 60))),
  ].join('');
}

/** A standing lamp with its glow. */
export function lamp({ width, floorLine }: Area, random: Random): string {
  const [x, high] = [random.between(16, width - 16), random.between(0.55, 0.8) * floorLine];
  const top = floorLine - high;
  const shade = [
    [x - 9, top - 14],
    [x + 9, top - 14],
    [x + 16, top + 8],
    [x - 16, top + 8],
  ] as const;
  return [
    ellipse([x, top], [34, 34], { fill: hsl(46, 90, 82), opacity: 0.22 }),
    rectangle(x - 1.2, top, 2.4, high + 3, hsl(30, 6, 26)),
    polygon(shade, hsl(44, 62, 78)),
    rectangle(x - 9, floorLine + 2, 18, 3, hsl(30, 6, 24)),
  ].join('');
}

/** A bench with a back. */
export function bench({ width, floorLine }: Area, random: Random): string {
  const wide = random.between(66, 104);
  const [x, base, wood] = [
    random.between(4, width - wide - 4),
    floorLine + 8,
    hsl(28, 40, random.between(28, 52)),
  ];
  return [
    ellipse([x + wide / 2, base], [wide * 0.52, 4], { opacity: 0.3 }),
    rectangle(x + 6, base - 22, 4, 22, hsl(0, 0, 22)),
    rectangle(x + wide - 10, base - 22, 4, 22, hsl(0, 0, 22)),
    rectangle(x, base - 25, wide, 6, wood),
    rectangle(x, base - 44, wide, 5, wood),
    rectangle(x, base - 36, wide, 5, wood),
  ].join('');
}

/** A tree behind the floor. */
export function tree({ width, floorLine }: Area, random: Random): string {
  const [x, high] = [random.between(0, width), random.between(0.4, 0.75) * floorLine];
  const crown = repeat(8, () => {
    const centre = [x + random.between(-24, 24), floorLine - high + random.between(-18, 24)] as const;
    const radius = random.between(12, 22);
    return ellipse(centre, [radius, radius], {
      fill: hsl(random.integer(76, 140), 34, random.between(26, 44)),
    });
  });
  return rectangle(x - 4, floorLine - high, 8, high + 4, hsl(26, 30, 28)) + crown;
}

/** A closed door. */
export function door({ width, floorLine }: Area, random: Random): string {
  const [wide, high] = [44, 0.62 * floorLine];
  const x = random.between(8, width - wide - 8);
  const hue = random.integer(0, 359);
  return [
    rectangle(x - 4, floorLine - high - 4, wide + 8, high + 4, hsl(30, 8, 84)),
    rectangle(x, floorLine - high, wide, high, hsl(hue, 34, 34)),
    rectangle(x + 6, floorLine - high + 8, wide - 12, high * 0.36, hsl(hue, 30, 44)),
    ellipse([x + wide - 6, floorLine - high * 0.45], [2, 2], { fill: hsl(46, 60, 66) }),
  ].join('');
}
