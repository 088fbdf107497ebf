import type { Activity, Posture } from './activities.js';
import type { Limbs, Pose } from './pose.js';
import type { Random } from './random.js';
import type { Build } from './skeleton.js';

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

/** The pose at a moment, in seconds since the activity began. */
export type PoseAt = (timeSec: number) => Pose;

/**
 * The heading of someone who acts in place: often unchanged, else turned to where the person likes to face.
 */
export function chooseHeading({ start, heading, random }: Cue): number {
  return start && random.chance(0.45) ? start.heading : heading;
}

/** The heading of someone who signs to the viewer; seen from the side, the hands would hide their motion. */
export function chooseFacing(cue: Cue): number {
  const heading = chooseHeading(cue);
  const isSeen = Math.sin((heading * Math.PI) / 180) > 0.6;
  return isSeen ? heading : 90 + cue.random.between(-50, 50);
}

/** Where arms rest: hanging, on the hips, or folded. */
export function idleArms(random: Random): Partial<Limbs> {
  return random.pick<Partial<Limbs>>([
    {},
    { elbow: 25, swing: 6 },
    { raise: 38, twist: 62, elbow: 104, swing: -12 },
    { swing: 24, raise: 4, twist: 52, elbow: 88 },
  ]);
}
