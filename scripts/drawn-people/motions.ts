import type { Activity } from './activities.js';
import { chooseFacing, chooseHeading, idleArms } from './cue.js';
import type { Cue, PoseAt } from './cue.js';
import { fall, squatDown, standUp } from './floor-motions.js';
import { scale } from './geometry.js';
import type { Vector } from './geometry.js';
import { gait, gaitSpeed } from './gait.js';
import { blend, ease, pose, poseBetween } from './pose.js';
import type { Limbs, Pose } from './pose.js';
import { palmsMeetTwist } from './skeleton.js';

/** One activity as one person performs it. Times are seconds since it began. */
export interface Motion {
  poseAt(timeSec: number): Pose;
  /** Metres travelled since it began. */
  travelAt(timeSec: number): Vector;
}

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
  const base = pose({ heading: chooseFacing(cue), both: idle, tip: random.between(-3, 3) });
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
  const base = pose({ heading: chooseFacing(cue), bend: random.between(0, 8), nod: random.between(0, 12) });
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
