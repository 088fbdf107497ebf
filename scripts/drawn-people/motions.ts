import type { Activity, Posture } from './activities.js';
import { scale } from './geometry.js';
import type { Vector } from './geometry.js';
import { gait, gaitSpeed } from './gait.js';
import { blend, ease, pose, poseBetween } from './pose.js';
import type { Limbs, Pose } from './pose.js';
import type { Random } from './random.js';
import { palmsMeetTwist } from './skeleton.js';
import type { Build } from './skeleton.js';

/** One activity as one person performs it. Times are seconds since it began. */
export interface Motion {
  poseAt(timeSec: number): Pose;
  /** Metres travelled since it began. */
  travelAt(timeSec: number): Vector;
}

/** What a motion must fit. */
export interface Cue {
  activity: Activity;
  durationSec: number;
  /** The pose to begin with; undefined where the scene opens in the middle of the activity. */
  start: Pose | undefined;
  /** How the body rests before. */
  posture: Posture;
  /** Where the person likes to face, in degrees. */
  heading: number;
  /** Metres of free floor to the left and to the right. */
  room: { left: number; right: number };
  build: Build;
  random: Random;
}

type PoseAt = (timeSec: number) => Pose;

/** Seconds from one activity's last pose into the next activity. */
const ENTRY_SEC = 0.35;

/** One walk in so many goes backwards, so that the way a body faces does not give its direction away. */
const BACKWARD_WALKS = 1 / 16;

/** Directs one activity, with its own tempo, reach and manner. */
export function createMotion(cue: Cue): Motion {
  if (cue.activity === 'walk left' || cue.activity === 'walk right') return walk(cue);
  const perform = PERFORMERS[cue.activity](cue);
  return { poseAt: enter(cue, perform), travelAt: () => [0, 0, 0] };
}

/** A pose in which a body rests, before a scene's first activity. */
export function restingPose(posture: Posture, heading: number, random: Random): Pose {
  switch (posture) {
    case 'standing':
      return pose({ heading, both: idleArms(random) });
    case 'squatting':
      return squatting(heading, random);
    case 'sitting':
      return pose({
        heading,
        lean: -12,
        bend: random.between(10, 28),
        both: random.pick<Partial<Limbs>>([
          { hip: 116, knee: 104, swing: 62, raise: 8, elbow: 20 },
          { hip: 118, knee: 112, swing: -34, raise: 18, elbow: 6 },
          { hip: 80, knee: 8, ankle: -8, swing: 24, raise: 10, elbow: 20 },
        ]),
      });
    case 'lying':
      return lying(random.pick(['forward', 'backward']), heading, random);
  }
}

const PERFORMERS: Record<Exclude<Activity, 'walk left' | 'walk right'>, (cue: Cue) => PoseAt> = {
  stand,
  wave,
  clap,
  jump,
  'squat down': squatDown,
  'stand up': standUp,
  fall,
};

/** Leads from the cue's pose into a motion, and lets the body breathe. */
function enter({ start, random }: Cue, perform: PoseAt): PoseAt {
  const [phase, breath] = [random.between(0, 6), random.between(0.5, 1.5)];
  return (timeSec) => {
    const { bend, look, ...rest } = perform(timeSec);
    const alive = {
      ...rest,
      bend: bend + breath * Math.sin(1.9 * timeSec + phase),
      look: look + 3 * breath * Math.sin(0.8 * timeSec + phase),
    };
    return start ? blend(start, alive, ease((timeSec + 1 / 30) / ENTRY_SEC)) : alive;
  };
}

/** The heading of someone who acts in place: often unchanged, else turned to where the person likes to face. */
function chooseHeading({ start, heading, random }: Cue): number {
  return start && random.chance(0.45) ? start.heading : heading;
}

function walk(cue: Cue): Motion {
  const { activity, build, random } = cue;
  const course = (activity === 'walk left' ? 180 : 0) + random.between(-14, 14);
  const isBackward = random.chance(BACKWARD_WALKS);
  const style = {
    heading: isBackward ? course + 180 : course,
    cyclesPerSec: random.between(0.8, 1.1) * (isBackward ? 0.8 : 1),
    stride: random.between(0.75, 1.1) * (isBackward ? 0.7 : 1),
    armSwing: random.between(12, 34),
    elbow: random.between(12, 45),
    lean: random.between(1, 7),
  };
  const phase = random.next();
  const direction = isBackward ? -1 : 1;
  const radians = (course * Math.PI) / 180;
  const velocity = scale([Math.cos(radians), 0, Math.sin(radians)], gaitSpeed(style, build));
  return {
    poseAt: enter(cue, (timeSec) => gait(style, phase + direction * timeSec * style.cyclesPerSec)),
    travelAt: (timeSec) => scale(velocity, timeSec),
  };
}

function stand(cue: Cue): PoseAt {
  const { random } = cue;
  const still = pose({ heading: chooseHeading(cue), both: idleArms(random), nod: random.between(-4, 14) });
  const [glance, tempo, phase] = [random.between(8, 40), random.between(0.8, 2.2), random.between(0, 6)];
  return (timeSec) => {
    const sway = Math.sin(tempo * timeSec + phase);
    return { ...still, look: glance * sway, tip: 1.2 * sway, turn: 3 * sway };
  };
}

function wave(cue: Cue): PoseAt {
  const { random } = cue;
  const hands = random.pick(['left', 'right', 'left', 'right', 'both']);
  const [raise, elbow] = [random.between(88, 135), random.between(55, 90)];
  const [tempo, reach] = [random.between(1.1, 2.1) * 2 * Math.PI, random.between(22, 38)];
  const idle = { ...pose().left, ...idleArms(random) };
  const base = pose({ heading: chooseHeading(cue), both: idle, tip: random.between(-3, 3) });
  return (timeSec) => {
    const swung = reach * Math.sin(tempo * timeSec);
    const waving: Partial<Limbs> = { swing: 8, raise: raise + swung / 5, twist: -90, elbow: elbow + swung };
    return {
      ...base,
      left: hands === 'right' ? base.left : { ...base.left, ...waving },
      right: hands === 'left' ? base.right : { ...base.right, ...waving },
    };
  };
}

function clap(cue: Cue): PoseAt {
  const { random, build } = cue;
  const elbow = random.between(68, 98);
  const swing = random.between(28, 72);
  const closed = palmsMeetTwist(elbow, build);
  const [open, tempo] = [random.between(38, 62), random.between(1.3, 2.3) * 2 * Math.PI];
  const base = pose({ heading: chooseHeading(cue), bend: random.between(0, 8), nod: random.between(0, 12) });
  return (timeSec) => {
    const apart = (1 - Math.cos(tempo * timeSec)) / 2;
    const arms = { swing: swing - 6 * apart, raise: 6 + 16 * apart, twist: closed - open * apart, elbow };
    return { ...base, left: { ...base.left, ...arms }, right: { ...base.right, ...arms } };
  };
}

function jump(cue: Cue): PoseAt {
  const { random, durationSec } = cue;
  const heading = chooseHeading(cue);
  const heightM = random.between(0.16, 0.4);
  const depth = random.between(0.6, 1);
  const [back, up] = [random.between(-45, -15), random.between(60, 170)];
  const flightSec = 2 * Math.sqrt((2 * heightM) / 9.81);
  const numJumps = Math.max(1, Math.round(durationSec / (flightSec + random.between(0.55, 0.8))));
  const periodSec = durationSec / numJumps;
  const groundSec = periodSec - flightSec;
  const [takeOffSec, landSec] = [0.7 * groundSec, 0.7 * groundSec + flightSec];
  const crouch = pose({
    heading,
    lean: 26 * depth,
    bend: 18 * depth,
    nod: -14,
    both: { hip: 72 * depth, knee: 82 * depth, swing: back, elbow: 22 },
  });
  const stretched = pose({ heading, nod: -6, both: { swing: up, raise: 14, hip: 4, knee: 10, ankle: -38 } });
  const landing = pose({ heading, lean: 12, bend: 10, both: { swing: 30, raise: 22, hip: 38, knee: 48 } });
  const upright = pose({ heading });
  const keys = [
    [0, upright],
    [0.55 * takeOffSec, crouch],
    [takeOffSec, stretched],
    [takeOffSec + 0.5 * flightSec, blend(stretched, landing, 0.3)],
    [landSec, blend(stretched, landing, 0.7)],
    [landSec + 0.1 * groundSec, landing],
    [periodSec, upright],
  ] as const;
  return (timeSec) => {
    const at = timeSec % periodSec;
    const flown = (at - takeOffSec) / flightSec;
    return { ...poseBetween(keys, at), lift: flown > 0 && flown < 1 ? 4 * heightM * flown * (1 - flown) : 0 };
  };
}

function squatting(heading: number, random: Random): Pose {
  const arms = random.pick<Partial<Limbs>>([
    { swing: 82, raise: 6, elbow: 8 },
    { swing: 52, raise: 10, elbow: 20 },
    { swing: 40, raise: 14, twist: 40, elbow: 95 },
  ]);
  const depth = random.between(0.82, 1.05);
  return pose({
    heading,
    lean: 28 * depth,
    bend: random.between(8, 22),
    nod: -20,
    both: { hip: 108 * depth, knee: 118 * depth, spread: random.between(5, 20), ...arms },
  });
}

function squatDown(cue: Cue): PoseAt {
  const { random, start, durationSec } = cue;
  const heading = chooseHeading(cue);
  const downSec = Math.min(random.between(0.7, 1.3), 0.85 * durationSec);
  const down = squatting(heading, random);
  return (timeSec) =>
    poseBetween(
      [
        [0, start ? { ...start, heading } : pose({ heading })],
        [downSec, down],
      ],
      timeSec,
    );
}

/** From the floor a body first gathers its legs under it, then rises. */
function standUp({ random, start, durationSec, posture, heading }: Cue): PoseAt {
  const first = start ?? restingPose(posture, heading, random);
  const upSec = random.between(0.92, 1) * durationSec;
  const isProne = first.lean > 45;
  const gathered = isProne
    ? pose({
        heading: first.heading,
        lean: 72,
        nod: -30,
        both: { hip: 88, knee: 100, swing: 80, elbow: 5, ankle: -40 },
      })
    : pose({
        heading: first.heading,
        lean: 4,
        bend: 30,
        both: { hip: 100, knee: 104, swing: 30, elbow: 30 },
      });
  const crouched = squatting(first.heading, random);
  const upright = pose({ heading: first.heading, both: idleArms(random) });
  const keys: Record<Posture, readonly (readonly [number, Pose])[]> = {
    lying: [
      [0, first],
      [0.4 * upSec, gathered],
      [0.65 * upSec, crouched],
      [upSec, upright],
    ],
    sitting: [
      [0, first],
      [0.45 * upSec, crouched],
      [upSec, upright],
    ],
    squatting: [
      [0, first],
      [upSec, upright],
    ],
    standing: [
      [0, first],
      [upSec, upright],
    ],
  };
  return (timeSec) => poseBetween(keys[posture], timeSec);
}

type FallDirection = 'forward' | 'backward' | 'left' | 'right';

/** On the floor the arms lie flat beside the body or beside the head; else the body would rest on its hands. */
function lying(direction: FallDirection, heading: number, random: Random): Pose {
  const flat = random.pick<Partial<Limbs>>([
    { swing: 0, raise: random.between(12, 45), elbow: 8 },
    { swing: 0, raise: random.between(80, 120), twist: -90, elbow: random.between(50, 95) },
    { swing: 0, raise: random.between(140, 165), twist: -90, elbow: 20 },
  ]);
  const legs = {
    spread: random.between(4, 16),
    ...random.pick([
      { hip: 2, knee: 8 },
      { hip: 16, knee: 38 },
    ]),
  };
  switch (direction) {
    case 'forward':
      return pose({ heading, lean: 88, nod: -14, look: 40, both: { ...flat, ...legs, hip: 0, ankle: -55 } });
    case 'backward':
      return pose({ heading, lean: -88, nod: 8, both: { ...flat, ...legs, ankle: -15 } });
    case 'left':
    case 'right': {
      const folded = { raise: 3, swing: random.between(35, 80), elbow: random.between(20, 80), spread: 1 };
      return pose({
        heading,
        tip: direction === 'right' ? 88 : -88,
        both: { ...folded, hip: 20, knee: random.between(10, 55), ankle: -20 },
      });
    }
  }
}

/** A body loses its balance, buckles, speeds up like a pendulum let go, bounces a little and stays down. */
function fall({ random, start, heading: liked, room, durationSec }: Cue): PoseAt {
  const heading = start?.heading ?? liked;
  const ahead = Math.cos((heading * Math.PI) / 180);
  const falls = room.right > room.left ? 'toRight' : 'toLeft';
  const direction: FallDirection =
    Math.abs(ahead) > 0.6
      ? ahead > 0 === (falls === 'toRight')
        ? 'forward'
        : 'backward'
      : Math.sin((heading * Math.PI) / 180) > 0 === (falls === 'toRight')
        ? 'left'
        : 'right';
  const first = start ?? pose({ heading });
  const fallSec = Math.min(random.between(0.75, 1.15), 0.75 * durationSec);
  const [knee, swing] = [random.between(25, 60), random.between(30, 100)];
  const buckled = pose({ heading, bend: 10, both: { knee, hip: 0.7 * knee, swing, raise: 45, elbow: 30 } });
  const down = lying(direction, heading, random);
  return (timeSec) => {
    const fallen = timeSec / fallSec;
    if (fallen < 1) return blend(blend(first, buckled, ease(2 * fallen)), down, fallen ** 2.4);
    const bounce = Math.min(1, (timeSec - fallSec) / 0.35);
    return blend(down, buckled, 0.07 * Math.sin(Math.PI * bounce));
  };
}

function idleArms(random: Random): Partial<Limbs> {
  return random.pick<Partial<Limbs>>([
    {},
    { elbow: 25, swing: 6 },
    { raise: 38, twist: 62, elbow: 104, swing: -12 },
    { swing: 24, raise: 4, twist: 52, elbow: 88 },
  ]);
}
