import { pose } from './pose.js';
import type { Limbs, Pose } from './pose.js';
import { stepLength } from './skeleton.js';
import type { Build } from './skeleton.js';

/** The manner of one person's walk. */
export interface GaitStyle {
  /** Where the body faces, in degrees. */
  heading: number;
  /** Cycles of two steps a second. */
  cyclesPerSec: number;
  /** Reach of the legs; 1 is average. */
  stride: number;
  /** Degrees to either side. */
  armSwing: number;
  elbow: number;
  lean: number;
}

/**
 * Joint angles of one leg over a cycle that begins as its heel strikes, in degrees at every tenth.
 *
 * @see Winter 1991, "The Biomechanics and Motor Control of Human Gait": natural cadence, rounded.
 */
const HIP = [30, 25, 17, 8, -2, -10, -6, 12, 27, 33] as const;
const KNEE = [5, 17, 17, 10, 5, 12, 36, 58, 50, 18] as const;
const ANKLE = [0, -4, 2, 6, 9, 4, -14, -9, -1, 2] as const;

/**
 * The pose of a walker.
 *
 * @param phase - Cycles walked; only its fraction counts, and a falling phase walks backwards.
 */
export function gait(style: GaitStyle, phase: number): Pose {
  const limbs = (own: number): Partial<Limbs> => ({
    hip: style.lean + style.stride * cyclic(HIP, own),
    knee: style.stride * cyclic(KNEE, own),
    ankle: cyclic(ANKLE, own),
    swing: -style.armSwing * Math.cos(2 * Math.PI * own) + 4,
    elbow: style.elbow * (1 - 0.35 * Math.cos(2 * Math.PI * own)),
  });
  return pose({
    heading: style.heading,
    lean: style.lean,
    turn: 5 * Math.cos(2 * Math.PI * phase),
    left: limbs(phase + 0.5),
    right: limbs(phase),
  });
}

/** The speed at which the foot on the floor does not slide, in metres a second. */
export function gaitSpeed(style: GaitStyle, build: Build): number {
  return 2 * style.cyclesPerSec * stepLength(style.stride * HIP[0], style.stride * HIP[5], build);
}

/** A table over one cycle, linear in between. */
function cyclic(table: readonly number[], phase: number): number {
  const at = (phase - Math.floor(phase)) * table.length;
  const before = Math.floor(at) % table.length;
  const [from = 0, to = 0] = [table[before], table[(before + 1) % table.length]];
  return from + (to - from) * (at - Math.floor(at));
}
