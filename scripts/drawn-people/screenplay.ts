import { ACTIVITIES, RULES } from './activities.js';
import type { Activity, Posture } from './activities.js';
import { add, rotate, roll } from './geometry.js';
import type { Vector } from './geometry.js';
import type { Cue } from './cue.js';
import { restingPose } from './floor-motions.js';
import { createMotion } from './motions.js';
import type { Motion } from './motions.js';
import { createPerson } from './person.js';
import type { Person } from './person.js';
import { Random } from './random.js';
import { FRAME_HEIGHT, FRAME_WIDTH, createScene } from './scene.js';
import type { Scene } from './scene.js';

/** Frames a second of every drawn video. */
export const FRAME_RATE = 15;

/** One activity in a shot. */
interface Take {
  activity: Activity;
  numFrames: number;
  motion: Motion;
  /** Where the person is as the take begins, in metres from the shot's origin. */
  place: Vector;
}

/** One person in one place without a cut. */
export interface Shot {
  person: Person;
  scene: Scene;
  pixelsPerMetre: number;
  /** Pixel of the frame, y downwards, at which the shot's origin lies on the floor. */
  origin: readonly [x: number, y: number];
  takes: Take[];
  /** Draws the sensor's noise. */
  noiseSeed: number;
}

/** A whole video, before it is drawn. */
export interface Screenplay {
  shots: Shot[];
}

/** One segment of the truth, in frames, `[startFrame, endFrame)`. */
export interface TruthSegment {
  label: Activity;
  startFrame: number;
  endFrame: number;
}

/** Metres that a standing body keeps from the frame's edge. */
const ELBOW_ROOM = 0.35;

/**
 * Writes a video of several shots, some of one activity and some of many, joined by cuts. Neighbouring
 * segments have different labels, also across a cut.
 *
 * @param lengthSec - The video is at least as long as the first number, and ends with the segment that
 * reaches it.
 */
export function writeScreenplay(seed: number, lengthSec: number): Screenplay {
  const random = new Random(seed);
  const shots: Shot[] = [];
  let left = Math.round(lengthSec * FRAME_RATE);
  let last: Activity | undefined;
  while (left > 0) {
    const shot = writeShot(random.fork(), {
      numTakes: random.pick([1, 2, 3, 3, 4, 5]),
      maxFrames: left,
      avoid: last,
    });
    shots.push(shot);
    left -= shot.takes.reduce((sum, take) => sum + take.numFrames, 0);
    last = shot.takes.at(-1)?.activity;
  }
  return { shots };
}

/** Writes a clip of one activity, which the camera finds under way. */
export function writeClip(seed: number, activity: Activity, lengthSec: number): Screenplay {
  const numFrames = Math.round(lengthSec * FRAME_RATE);
  return { shots: [writeShot(new Random(seed), { numTakes: 1, maxFrames: numFrames, activity, numFrames })] };
}

/** Lists what the screenplay shows, without a gap. */
export function truthOf({ shots }: Screenplay): TruthSegment[] {
  let startFrame = 0;
  return shots
    .flatMap(({ takes }) => takes)
    .map(({ activity, numFrames }) => {
      const segment = { label: activity, startFrame, endFrame: startFrame + numFrames };
      startFrame = segment.endFrame;
      return segment;
    });
}

interface ShotWishes {
  numTakes: number;
  /** The shot ends with the take that reaches this many frames. */
  maxFrames: number;
  /** The first take shows another activity than this. */
  avoid?: Activity | undefined;
  activity?: Activity;
  numFrames?: number;
}

function writeShot(random: Random, wishes: ShotWishes): Shot {
  const scene = createScene(random.fork());
  const person = createPerson(random.fork());
  const view = roll(scene.camera.tiltDegrees);
  const pixelsPerMetre = (random.between(0.42, 0.7) * FRAME_HEIGHT) / person.build.heightM;
  const nearest = 0.95 * FRAME_HEIGHT;
  const farthest = Math.max(scene.floorLine + 8, 0.72 * FRAME_HEIGHT);
  const originX = FRAME_WIDTH * random.between(...openingPlace(wishes.activity));
  const origin: Shot['origin'] = [originX, random.between(farthest, nearest)];
  const liked = random.pick([90, 90, 90, 60, 120, 40, 140, 15, 165, 0, 180]) + random.between(-10, 10);

  const takes: Take[] = [];
  let posture: Posture =
    wishes.avoid !== 'stand up' && random.chance(0.16)
      ? random.pick(['squatting', 'sitting', 'lying'] as const)
      : 'standing';
  if (wishes.activity) posture = random.pick(RULES[wishes.activity].from);
  let start = posture === 'standing' ? undefined : restingPose(posture, liked, random);
  let place: Vector = [0, 0, 0];
  let numFrames = 0;
  while (takes.length < wishes.numTakes && numFrames < wishes.maxFrames) {
    const footX = originX + rotate(view, place)[0] * pixelsPerMetre;
    const room = {
      left: footX / pixelsPerMetre - ELBOW_ROOM,
      right: (FRAME_WIDTH - footX) / pixelsPerMetre - ELBOW_ROOM,
    };
    const previous = takes.at(-1)?.activity ?? wishes.avoid;
    const cue = { start, posture, heading: liked, room, build: person.build };
    const take = wishes.activity
      ? directTake({ ...cue, activity: wishes.activity, random: random.fork() }, wishes.numFrames)
      : chooseTake(cue, previous ? [previous] : [], random);
    const endSec = take.numFrames / FRAME_RATE;
    takes.push({ ...take, place });
    numFrames += take.numFrames;
    start = take.motion.poseAt(endSec);
    place = add(place, take.motion.travelAt(endSec));
    posture = RULES[take.activity].to;
  }
  return { person, scene, pixelsPerMetre, origin, takes, noiseSeed: random.integer(0, 2 ** 31) };
}

/** Where in the frame's width a shot may open: a clip of a walk leaves room ahead. */
function openingPlace(activity: Activity | undefined): [low: number, high: number] {
  if (activity === 'walk left') return [0.6, 0.85];
  if (activity === 'walk right') return [0.15, 0.4];
  return [0.2, 0.8];
}

/** Chooses what the person does next, among what the posture allows and the frame has room for. */
function chooseTake(
  cue: Omit<Cue, 'activity' | 'durationSec' | 'random'>,
  excluded: readonly Activity[],
  random: Random,
): Omit<Take, 'place'> {
  const choices = ACTIVITIES.filter(
    (choice) => !excluded.includes(choice) && RULES[choice].from.includes(cue.posture),
  );
  const activity = random.pickWeighted(choices, (choice) => RULES[choice].weight);
  const take = directTake({ ...cue, activity, random: random.fork() });
  const travelled = take.motion.travelAt(take.numFrames / FRAME_RATE)[0];
  const isInside = -travelled <= cue.room.left && travelled <= cue.room.right;
  return isInside ? take : chooseTake(cue, [...excluded, activity], random);
}

/** Times one take: as long as told, or a length that suits the activity and the room. */
function directTake(cue: Omit<Cue, 'durationSec'>, numFrames?: number): Omit<Take, 'place'> {
  const [shortest, longest] = RULES[cue.activity].lengthSec;
  const wanted = numFrames ?? Math.round(cue.random.between(shortest, longest) * FRAME_RATE);
  const motion = createMotion({ ...cue, durationSec: wanted / FRAME_RATE });
  if (numFrames) return { activity: cue.activity, numFrames, motion };
  const speed = motion.travelAt(1)[0];
  const roomSec = (speed < 0 ? cue.room.left : cue.room.right) / Math.abs(speed);
  const fits = Math.max(
    Math.round(shortest * FRAME_RATE),
    Math.min(wanted, Math.floor(roomSec * FRAME_RATE)),
  );
  return { activity: cue.activity, numFrames: fits, motion };
}
