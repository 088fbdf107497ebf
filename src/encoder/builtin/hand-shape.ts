/** A point in space. */
type Point = readonly [x: number, y: number, z: number];

const WRIST = 0;
/** Base of the middle finger. */
const MIDDLE_KNUCKLE = 9;

/** Landmarks of each finger from the wrist to the tip, thumb first. */
const FINGERS = [0, 1, 2, 3, 4].map((finger) => [WRIST, ...[1, 2, 3, 4].map((place) => 4 * finger + place)]);

/** Prevents division by zero. */
const TINY = 1e-6;

/** Fingertips farther from the wrist than this many palm lengths are misread. */
const LARGEST_REACH = 4;

/**
 * Describes the shape of a hand independently of its place and size.
 *
 * @param landmarks - `[21, 3]`.
 * @returns `[21, 3]`: landmarks relative to their mean, divided by the larger of their width and height.
 */
export function relativeLandmarks(landmarks: Float32Array): number[] {
  const points = pointsOf(landmarks);
  const axes = [0, 1, 2].map((axis) => points.map((point) => point[axis]!));
  const means = axes.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  const [width, height] = axes.map((values) => Math.max(...values) - Math.min(...values));
  const extent = Math.max(width!, height!, TINY);
  return points.flatMap((point) => point.map((value, axis) => (value - means[axis]!) / extent));
}

/**
 * Measures how straight the fingers are.
 *
 * @param landmarks - `[21, 3]`.
 * @returns `[5, 3]`: cosine of the bend at each finger's three inner joints, from the palm outwards, thumb first; 1 if
 *   straight, 0 at a right angle.
 */
export function jointBends(landmarks: Float32Array): number[] {
  const points = pointsOf(landmarks);
  return FINGERS.flatMap((finger) =>
    [1, 2, 3].map((joint) => {
      const [before, at, after] = finger.slice(joint - 1, joint + 2).map((place) => points[place]!);
      return cosine(difference(at!, before!), difference(after!, at!));
    }),
  );
}

/**
 * Measures how far the fingers reach.
 *
 * @param landmarks - `[21, 3]`.
 * @returns `[5]`: distance of each fingertip to the wrist, thumb first, in palm lengths (wrist to base of the middle
 *   finger), at most 4.
 */
export function fingertipReaches(landmarks: Float32Array): number[] {
  const points = pointsOf(landmarks);
  const fromWrist = (place: number) => length(difference(points[place]!, points[WRIST]!));
  const palm = Math.max(fromWrist(MIDDLE_KNUCKLE), TINY);
  return FINGERS.map((finger) => Math.min(fromWrist(finger.at(-1)!) / palm, LARGEST_REACH));
}

function pointsOf(landmarks: Float32Array): Point[] {
  return Array.from({ length: landmarks.length / 3 }, (_, index) => [
    landmarks[3 * index]!,
    landmarks[3 * index + 1]!,
    landmarks[3 * index + 2]!,
  ]);
}

function difference([x, y, z]: Point, [fromX, fromY, fromZ]: Point): Point {
  return [x - fromX, y - fromY, z - fromZ];
}

function length(vector: Point): number {
  return Math.hypot(...vector);
}

function cosine(one: Point, other: Point): number {
  const product = one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
  return product / Math.max(length(one) * length(other), TINY);
}
