/** Joint angles of one arm and one leg, in degrees; all zero hangs straight down. */
export interface Limbs {
  /** Upper arm, forward. */
  swing: number;
  /** Upper arm, away from the body. */
  raise: number;
  /** Upper arm about itself; positive turns a bent forearm inward. */
  twist: number;
  elbow: number;
  /** Thigh, forward. */
  hip: number;
  /** Thigh, away from the body. */
  spread: number;
  knee: number;
  /** Foot; positive lifts the toes. */
  ankle: number;
}

/** How a body holds itself. Angles in degrees. */
export interface Pose {
  /** Where the body faces: 0 to the right of the picture, 90 to the viewer, 180 to the left. */
  heading: number;
  /** Whole body, forward. */
  lean: number;
  /** Whole body, to its right. */
  tip: number;
  /** Chest against pelvis, forward. */
  bend: number;
  /** Chest against pelvis, to its left. */
  turn: number;
  /** Head against chest, forward. */
  nod: number;
  /** Head against chest, to its left. */
  look: number;
  /** Height of the lowest point over the floor, in metres. */
  lift: number;
  left: Limbs;
  right: Limbs;
}

type Changes = Partial<Omit<Pose, 'left' | 'right'>> & {
  both?: Partial<Limbs>;
  left?: Partial<Limbs>;
  right?: Partial<Limbs>;
};

const HANGING: Limbs = { swing: 2, raise: 7, twist: 12, elbow: 14, hip: 0, spread: 3, knee: 4, ankle: 0 };

/** A standing pose with changes. Feet stay parallel to the floor, unless the ankle is given. */
export function pose(changes: Changes = {}): Pose {
  const { both, left, right, ...trunk } = changes;
  const upright = { heading: 90, lean: 0, tip: 0, bend: 0, turn: 0, nod: 0, look: 0, lift: 0, ...trunk };
  const limbs = (side: Partial<Limbs> = {}): Limbs => {
    const given = { ...HANGING, ...both, ...side };
    return { ...given, ankle: side.ankle ?? both?.ankle ?? given.knee + upright.lean - given.hip };
  };
  return { ...upright, left: limbs(left), right: limbs(right) };
}

/** The pose part of the way from one to another; the heading takes the shorter turn. */
export function blend(from: Pose, to: Pose, weight: number): Pose {
  if (weight <= 0) return from;
  if (weight >= 1) return to;
  const between = (a: number, b: number): number => a + (b - a) * weight;
  const limbs = (a: Limbs, b: Limbs): Limbs => ({
    swing: between(a.swing, b.swing),
    raise: between(a.raise, b.raise),
    twist: between(a.twist, b.twist),
    elbow: between(a.elbow, b.elbow),
    hip: between(a.hip, b.hip),
    spread: between(a.spread, b.spread),
    knee: between(a.knee, b.knee),
    ankle: between(a.ankle, b.ankle),
  });
  const turn = ((((to.heading - from.heading + 180) % 360) + 360) % 360) - 180;
  return {
    heading: from.heading + turn * weight,
    lean: between(from.lean, to.lean),
    tip: between(from.tip, to.tip),
    bend: between(from.bend, to.bend),
    turn: between(from.turn, to.turn),
    nod: between(from.nod, to.nod),
    look: between(from.look, to.look),
    lift: between(from.lift, to.lift),
    left: limbs(from.left, to.left),
    right: limbs(from.right, to.right),
  };
}

/** Rises from 0 to 1 between 0 and 1, slowly at both ends. */
export function ease(at: number): number {
  const clamped = Math.min(1, Math.max(0, at));
  return clamped * clamped * (3 - 2 * clamped);
}

/**
 * The pose at a moment between key poses, in order of time; before the first and after the last, those hold.
 */
export function poseBetween(keys: readonly (readonly [at: number, pose: Pose])[], at: number): Pose {
  const next = keys.findIndex(([time]) => time > at);
  const [after, before] = [keys.at(next), keys.at(next - 1)];
  if (!after || !before) throw new RangeError('Key poses: expected at least one, received none.');
  if (next <= 0) return after[1];
  return blend(before[1], after[1], ease((at - before[0]) / (after[0] - before[0])));
}
