import type { Posture } from './activities.js';
import { chooseHeading, idleArms } from './cue.js';
import type { Cue, PoseAt } from './cue.js';
import { blend, ease, pose, poseBetween } from './pose.js';
import type { Limbs, Pose } from './pose.js';
import type { Random } from './random.js';

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

/** A body goes down and stays there until its segment ends. */
export function squatDown(cue: Cue): PoseAt {
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
export function standUp({ random, start, durationSec, posture, heading }: Cue): PoseAt {
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

/**
 * On the floor the arms lie flat beside the body or beside the head; else the body would rest on its hands.
 */
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
export function fall({ random, start, heading: liked, room, durationSec }: Cue): PoseAt {
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
