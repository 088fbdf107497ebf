import { add, mix, rotate, scale } from './geometry.js';
import type { Rotation, Vector } from './geometry.js';
import type { Person } from './person.js';
import type { SideJoints, Skeleton } from './skeleton.js';
import type { Colour, Solid } from './solid-canvas.js';

const EYE: Colour = [38, 30, 30];

/** Clothes a skeleton in flesh and cloth: the solids that show a person, in metres on the stage. */
export function figureSolids(person: Person, skeleton: Skeleton): Solid[] {
  return [
    ...trunk(person, skeleton),
    ...head(person, skeleton),
    ...limbs(person, skeleton, skeleton.left),
    ...limbs(person, skeleton, skeleton.right),
    ...(person.look.hasBackpack ? backpack(person, skeleton) : []),
  ];
}

function trunk({ build, look }: Person, skeleton: Skeleton): Solid[] {
  const { pelvis, waist, neck, pelvisAxes, chestAxes, left, right } = skeleton;
  const [size, girth] = [build.heightM, build.girth];
  const chest = mix(waist, neck, 0.62);
  const bands = look.bands && { colour: look.bands, count: 5 };
  const shirt = { colour: look.shirt, ...(bands && { bands }) };
  const breadth = 1.36 * build.shoulders;
  return [
    // Hips, belly, chest and the slope of the shoulders.
    {
      from: pelvis,
      to: mix(pelvis, waist, 0.45),
      fromRadius: 0.066 * size * girth,
      toRadius: 0.063 * size * girth,
      axes: pelvisAxes,
      stretch: [1, 1, 1.45 * build.hips],
      colour: look.legs,
    },
    {
      from: mix(pelvis, waist, 0.3),
      to: mix(waist, chest, 0.25),
      fromRadius: 0.065 * size * girth,
      toRadius: 0.06 * size * girth,
      axes: pelvisAxes,
      stretch: [1, 0.8, 1.4],
      ...shirt,
    },
    {
      from: mix(waist, chest, 0.1),
      to: chest,
      fromRadius: 0.06 * size * girth,
      toRadius: 0.068 * size * girth,
      axes: chestAxes,
      stretch: [1, 0.8, breadth],
      ...shirt,
    },
    {
      from: chest,
      to: mix(waist, neck, 0.86),
      fromRadius: 0.068 * size * girth,
      toRadius: 0.046 * size * girth,
      axes: chestAxes,
      stretch: [1, 0.8, 1.08 * breadth],
      ...shirt,
    },
    ...[left, right].map(({ shoulder }): Solid => {
      const inner = mix(neck, shoulder, 0.35);
      const [fromRadius, toRadius] = [0.03 * size * girth, 0.034 * size * girth];
      return { from: inner, to: shoulder, fromRadius, toRadius, colour: look.shirt };
    }),
    {
      from: add(neck, rotate(chestAxes, [0, -0.01 * size, 0])),
      to: skeleton.head,
      fromRadius: 0.033 * size * Math.sqrt(girth),
      toRadius: 0.027 * size,
      colour: look.skin,
    },
  ];
}

function head({ build, look }: Person, { head: centre, headAxes }: Skeleton): Solid[] {
  const radius = 0.047 * build.heightM * build.head;
  const at = (x: number, y: number, z: number): Vector =>
    add(centre, rotate(headAxes, [x * radius, y * radius, z * radius]));
  const ball = (place: Vector, size: number, colour: Colour, stretch: Vector = [1, 1, 1]): Solid => ({
    from: place,
    to: place,
    fromRadius: size * radius,
    toRadius: size * radius,
    axes: headAxes,
    stretch,
    colour,
  });
  const face = [
    ball(at(0, 0.1, 0), 1, look.skin, [1.08, 1.22, 0.94]),
    ball(at(0.22, -0.55, 0), 0.72, look.skin, [1, 0.9, 0.95]),
    ball(at(1.05, -0.12, 0), 0.2, look.skin, [1, 1.3, 0.9]),
    ball(at(0.05, 0, 0.95), 0.22, look.skin, [0.9, 1.3, 0.6]),
    ball(at(0.05, 0, -0.95), 0.22, look.skin, [0.9, 1.3, 0.6]),
    ball(at(0.9, 0.14, 0.38), 0.135, EYE),
    ball(at(0.9, 0.14, -0.38), 0.135, EYE),
    ball(at(0.86, -0.66, 0), 0.16, scaled(look.skin, 0.66), [0.6, 0.5, 1.9]),
  ];
  const cap = ball(at(-0.14, 0.34, 0), 1.04, look.hair, [1.08, 1.12, 1.02]);
  switch (look.hairStyle) {
    case 'bald':
      return face;
    case 'short':
      return [...face, cap, ball(at(-0.42, -0.1, 0), 0.85, look.hair)];
    case 'long':
      return [
        ...face,
        cap,
        {
          ...ball(at(-0.5, -0.1, 0), 0.92, look.hair),
          to: at(-0.75, -1.7, 0),
          toRadius: 0.6 * radius,
          stretch: [0.8, 1, 1.15],
        },
      ];
    case 'bun':
      return [
        ...face,
        cap,
        ball(at(-0.42, -0.1, 0), 0.85, look.hair),
        ball(at(-1.2, 0.7, 0), 0.5, look.hair),
      ];
    case 'cap':
      return [
        ...face,
        ball(at(-0.42, -0.1, 0), 0.85, look.hair),
        ball(at(-0.06, 0.5, 0), 1.04, look.shirt, [1.1, 0.95, 1.04]),
        ball(at(0.95, 0.62, 0), 0.6, scaled(look.shirt, 0.85), [1.1, 0.18, 1.1]),
      ];
  }
}

function limbs({ build, look }: Person, skeleton: Skeleton, side: SideJoints): Solid[] {
  const thick = build.heightM * build.girth;
  const sleeve = look.sleeves === 'none' ? look.skin : look.shirt;
  const cuff = look.sleeves === 'long' ? look.shirt : look.skin;
  const hem = look.legwear === 'trousers' ? look.legs : look.skin;
  const limb = (from: Vector, to: Vector, fromRadius: number, toRadius: number, colour: Colour): Solid => ({
    from,
    to,
    fromRadius: fromRadius * thick,
    toRadius: toRadius * thick,
    colour,
  });
  const midArm = mix(side.shoulder, side.elbow, look.sleeves === 'long' ? 1 : 0.55);
  const midThigh = mix(side.hip, side.knee, look.legwear === 'trousers' ? 1 : 0.8);
  const solids = [
    limb(side.shoulder, midArm, 0.034, 0.029, sleeve),
    limb(midArm, side.elbow, 0.026, 0.023, cuff),
    limb(side.elbow, mix(side.elbow, side.wrist, 0.35), 0.023, 0.0245, cuff),
    limb(mix(side.elbow, side.wrist, 0.35), side.wrist, 0.0245, 0.017, cuff),
    limb(side.wrist, mix(side.wrist, side.fingers, 0.45), 0.017, 0.0225, look.skin),
    limb(mix(side.wrist, side.fingers, 0.45), side.fingers, 0.0225, 0.013, look.skin),
    limb(side.hip, midThigh, 0.06, look.legwear === 'trousers' ? 0.04 : 0.048, look.legs),
    limb(midThigh, side.knee, 0.041, 0.036, hem),
    limb(side.knee, mix(side.knee, side.ankle, 0.35), 0.036, 0.037, hem),
    limb(
      mix(side.knee, side.ankle, 0.35),
      side.ankle,
      0.037,
      look.legwear === 'trousers' ? 0.028 : 0.022,
      hem,
    ),
    ...shoe(build.heightM, look.shoes, side),
  ];
  if (look.legwear === 'skirt') {
    const knees = mix(skeleton.left.knee, skeleton.right.knee, 0.5);
    const drape = mix(mix(skeleton.pelvis, knees, 0.78), mix(side.hip, side.knee, 0.78), 0.7);
    solids.push(limb(side.hip, drape, 0.064, 0.072, look.legs));
  }
  return solids;
}

function shoe(size: number, colour: Colour, { ankle, heel, toes, foot }: SideJoints): Solid[] {
  const raised = (place: Vector, height: number): Vector => add(place, rotate(foot, [0, height * size, 0]));
  const back = raised(heel, 0.02);
  const front = raised(toes, 0.015);
  const shape = { axes: foot, stretch: [1, 1, 1.15] as Vector, colour };
  return [
    { from: back, to: mix(back, front, 0.6), fromRadius: 0.021 * size, toRadius: 0.024 * size, ...shape },
    { from: mix(back, front, 0.6), to: front, fromRadius: 0.024 * size, toRadius: 0.015 * size, ...shape },
    { from: ankle, to: mix(back, front, 0.4), fromRadius: 0.023 * size, toRadius: 0.02 * size, colour },
  ];
}

function backpack({ build, look }: Person, { waist, neck, chestAxes }: Skeleton): Solid[] {
  const size = build.heightM;
  const behind = rotate(chestAxes, [-0.1 * size, 0, 0]);
  return [
    {
      from: add(mix(waist, neck, 0.1), behind),
      to: add(mix(waist, neck, 0.75), behind),
      fromRadius: 0.06 * size,
      toRadius: 0.05 * size,
      axes: chestAxes,
      stretch: [0.85, 0.7, 1.3],
      colour: scaled(look.legs, 1.25),
    },
  ];
}

/**
 * Turns solids into the view and the pixels of a picture.
 *
 * @param origin - Pixel, y upwards, of the stage's origin.
 */
export function projectSolids(
  solids: readonly Solid[],
  view: Rotation,
  perMetre: number,
  origin: Vector,
): Solid[] {
  const project = (place: Vector): Vector => add(scale(rotate(view, place), perMetre), origin);
  return solids.map(({ axes, ...solid }) => ({
    ...solid,
    from: project(solid.from),
    to: project(solid.to),
    fromRadius: solid.fromRadius * perMetre,
    toRadius: solid.toRadius * perMetre,
    ...(axes && { axes: [rotate(view, axes[0]), rotate(view, axes[1]), rotate(view, axes[2])] as const }),
  }));
}

/** Presses solids flat on the floor, along the light: what lies in their shadow. */
export function shadowSolids(solids: readonly Solid[], light: Vector): Solid[] {
  const land = (place: Vector): Vector => {
    const fallen = place[1] / light[1];
    return [place[0] - fallen * light[0], 0, place[2] - fallen * light[2]];
  };
  return solids.map(({ from, to, fromRadius, toRadius, colour }) => ({
    from: land(from),
    to: land(to),
    fromRadius,
    toRadius,
    axes: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ] as const,
    stretch: [1, 0.05, 1] as const,
    colour,
  }));
}

function scaled([red, green, blue]: Colour, factor: number): Colour {
  return [red * factor, green * factor, blue * factor];
}
