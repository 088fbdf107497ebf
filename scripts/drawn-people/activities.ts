/** What the drawn people do; the labels of the truth. */
export const ACTIVITIES = [
  'stand',
  'walk left',
  'walk right',
  'wave',
  'clap',
  'jump',
  'squat down',
  'stand up',
  'fall',
] as const;

/** One of the labels. */
export type Activity = (typeof ACTIVITIES)[number];

/** How a body rests between two activities. */
export type Posture = 'standing' | 'squatting' | 'sitting' | 'lying';

/** Where an activity can begin and how it ends. */
export interface ActivityRule {
  from: readonly Posture[];
  to: Posture;
  /** Shortest and longest length in seconds. */
  lengthSec: readonly [shortest: number, longest: number];
  /** How often it is chosen, against the others that are possible. */
  weight: number;
}

const UPRIGHT = ['standing'] as const;

/**
 * What can follow what. A label begins with the first frame in which the body leaves what it did before, so a
 * turn, or the way into a pose, belongs to the activity that it leads to. A squat or a fall keeps its label
 * while the body stays down; getting up is `stand up` to the last frame.
 */
export const RULES: Record<Activity, ActivityRule> = {
  stand: { from: UPRIGHT, to: 'standing', lengthSec: [1.2, 2.6], weight: 1.1 },
  'walk left': { from: UPRIGHT, to: 'standing', lengthSec: [1.4, 3.6], weight: 1.7 },
  'walk right': { from: UPRIGHT, to: 'standing', lengthSec: [1.4, 3.6], weight: 1.7 },
  wave: { from: UPRIGHT, to: 'standing', lengthSec: [1.4, 3], weight: 0.9 },
  clap: { from: UPRIGHT, to: 'standing', lengthSec: [1.4, 3], weight: 0.9 },
  jump: { from: UPRIGHT, to: 'standing', lengthSec: [1.4, 3.4], weight: 0.9 },
  'squat down': { from: UPRIGHT, to: 'squatting', lengthSec: [1.2, 2.2], weight: 1 },
  'stand up': { from: ['squatting', 'sitting', 'lying'], to: 'standing', lengthSec: [1.2, 2.6], weight: 1 },
  fall: { from: UPRIGHT, to: 'lying', lengthSec: [1.5, 3], weight: 1 },
};
