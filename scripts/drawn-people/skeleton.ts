import { add, compose, mix, pitch, roll, rotate, yaw } from './geometry.js';
import type { Rotation, Vector } from './geometry.js';
import type { Limbs, Pose } from './pose.js';

/** Proportions of one body. */
export interface Build {
  /** Stature in metres. */
  heightM: number;
  /** Thickness of limbs and trunk; 1 is average. */
  girth: number;
  /** Length of the legs; 1 is average. */
  legs: number;
  /** Width of the shoulders; 1 is average. */
  shoulders: number;
  /** Width of the hips; 1 is average. */
  hips: number;
  /** Size of the head; 1 is average. */
  head: number;
}

/** Positions of one side's joints, in metres. */
export interface SideJoints {
  shoulder: Vector;
  elbow: Vector;
  wrist: Vector;
  fingers: Vector;
  hip: Vector;
  knee: Vector;
  ankle: Vector;
  heel: Vector;
  toes: Vector;
  /** Axes of the foot. */
  foot: Rotation;
}

/**
 * A posed body on the stage: metres, the midpoint of the ankles over the origin, the lowest point on the
 * floor.
 */
export interface Skeleton {
  pelvis: Vector;
  waist: Vector;
  neck: Vector;
  head: Vector;
  pelvisAxes: Rotation;
  chestAxes: Rotation;
  headAxes: Rotation;
  left: SideJoints;
  right: SideJoints;
}

/** Lengths as fractions of the stature. @see Drillis and Contini 1966, "Body Segment Parameters". */
const LENGTH = {
  shin: 0.246,
  thigh: 0.245,
  hipHalfWidth: 0.055,
  pelvisToWaist: 0.1,
  waistToNeck: 0.205,
  neckToHead: 0.105,
  shoulderHalfWidth: 0.108,
  upperArm: 0.172,
  forearm: 0.15,
  hand: 0.07,
  heel: 0.035,
  toes: 0.1,
  footHeight: 0.034,
} as const;

/**
 * Places the joints by forward kinematics. The body then moves so that the midpoint of its ankles stays where
 * it is and its lowest point touches the floor (or hangs `lift` metres over it): knees that bend lower the
 * hips, and a body that leans pivots about its feet, without a word in the motion itself.
 */
export function placeSkeleton(pose: Pose, build: Build): Skeleton {
  const { left, right, neck, head } = hang(pose, build, [0, 0, 0]);
  const limb = 0.03 * build.heightM * build.girth;
  const trunk = 0.065 * build.heightM * build.girth;
  const lowest = Math.min(
    ...[left, right].flatMap((side) => [
      Math.min(side.heel[1], side.toes[1], side.fingers[1]),
      Math.min(side.elbow[1], side.knee[1], side.shoulder[1]) - limb,
      side.hip[1] - trunk,
    ]),
    neck[1] - trunk,
    head[1] - 0.06 * build.heightM * build.head,
  );
  const ankles = mix(left.ankle, right.ankle, 0.5);
  return hang(pose, build, [-ankles[0], pose.lift - lowest, -ankles[2]]);
}

/** Places the joints of a body whose pelvis is where told. */
function hang(pose: Pose, build: Build, pelvis: Vector): Skeleton {
  const size = build.heightM;
  const from = (start: Vector, axes: Rotation, x: number, y: number, z = 0): Vector =>
    add(start, rotate(axes, [x * size, y * size, z * size]));

  const pelvisAxes = compose(yaw(-pose.heading), roll(pose.tip), pitch(-pose.lean));
  const chestAxes = compose(pelvisAxes, yaw(pose.turn), pitch(-pose.bend));
  const headAxes = compose(chestAxes, yaw(pose.look), pitch(-pose.nod));
  const waist = from(pelvis, pelvisAxes, 0, LENGTH.pelvisToWaist);
  const neck = from(waist, chestAxes, 0, LENGTH.waistToNeck);
  const head = from(neck, headAxes, 0.012, LENGTH.neckToHead * build.head);

  const side = (limbs: Limbs, sign: 1 | -1): SideJoints => {
    const arm = compose(chestAxes, pitch(limbs.swing), roll(-sign * limbs.raise), yaw(sign * limbs.twist));
    const forearm = compose(arm, pitch(limbs.elbow));
    const thigh = compose(pelvisAxes, pitch(limbs.hip), roll(-sign * limbs.spread));
    const shin = compose(thigh, pitch(-limbs.knee));
    const foot = compose(shin, pitch(limbs.ankle), roll(sign * limbs.spread), yaw(-sign * 9));

    const shoulder = from(neck, chestAxes, 0, -0.022, sign * LENGTH.shoulderHalfWidth * build.shoulders);
    const elbow = from(shoulder, arm, 0, -LENGTH.upperArm);
    const wrist = from(elbow, forearm, 0, -LENGTH.forearm);
    const fingers = from(wrist, forearm, 0, -LENGTH.hand);
    const hip = from(pelvis, pelvisAxes, 0, 0, sign * LENGTH.hipHalfWidth * build.hips);
    const knee = from(hip, thigh, 0, -LENGTH.thigh * build.legs);
    const ankle = from(knee, shin, 0, -LENGTH.shin * build.legs);
    const heel = from(ankle, foot, -LENGTH.heel, -LENGTH.footHeight);
    const toes = from(ankle, foot, LENGTH.toes, -LENGTH.footHeight);
    return { shoulder, elbow, wrist, fingers, hip, knee, ankle, heel, toes, foot };
  };
  const [left, right] = [side(pose.left, -1), side(pose.right, 1)];
  return { pelvis, waist, neck, head, pelvisAxes, chestAxes, headAxes, left, right };
}

/** How far apart the ankles are at the longest step of a walk with the given hip angles, in metres. */
export function stepLength(forwardHip: number, backwardHip: number, build: Build): number {
  const leg = (LENGTH.thigh + LENGTH.shin) * build.legs * build.heightM;
  return leg * (Math.sin((forwardHip * Math.PI) / 180) - Math.sin((backwardHip * Math.PI) / 180));
}

/** The twist of both upper arms at which the palms of bent forearms meet, in degrees. */
export function palmsMeetTwist(elbow: number, build: Build): number {
  const reach = (LENGTH.forearm + LENGTH.hand / 2) * Math.sin((elbow * Math.PI) / 180);
  const halfGap = LENGTH.shoulderHalfWidth * build.shoulders - 0.012;
  return (Math.asin(Math.min(1, halfGap / reach)) * 180) / Math.PI;
}
