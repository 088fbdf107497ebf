/**
 * Just enough solid geometry for a figure. Axes of a body: x forward, y up, z to its right. Axes of the
 * stage, and of the picture: x to the right, y up, z towards the viewer. Both are right-handed.
 */
export type Vector = readonly [x: number, y: number, z: number];

/** A rotation, as the images of the three axes. */
export type Rotation = readonly [x: Vector, y: Vector, z: Vector];

/** The sum of two vectors. */
export function add(a: Vector, b: Vector): Vector {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

/** A vector, longer by a factor. */
export function scale(a: Vector, factor: number): Vector {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

/** The point part of the way from one to another. */
export function mix(a: Vector, b: Vector, weight: number): Vector {
  return add(scale(a, 1 - weight), scale(b, weight));
}

/** The vector of length 1 in the same direction. */
export function normalize(a: Vector): Vector {
  return scale(a, 1 / Math.hypot(...a));
}

/** Rotates a vector. */
export function rotate([x, y, z]: Rotation, v: Vector): Vector {
  return [
    x[0] * v[0] + y[0] * v[1] + z[0] * v[2],
    x[1] * v[0] + y[1] * v[1] + z[1] * v[2],
    x[2] * v[0] + y[2] * v[1] + z[2] * v[2],
  ];
}

/** The rotation that applies the last one first, as a product of matrices does. */
export function compose(...rotations: Rotation[]): Rotation {
  return rotations.reduce((outer, inner) => [
    rotate(outer, inner[0]),
    rotate(outer, inner[1]),
    rotate(outer, inner[2]),
  ]);
}

/** About the forward axis, in degrees; positive tips the head to the right. */
export function roll(degrees: number): Rotation {
  const [sin, cos] = sinCos(degrees);
  return [
    [1, 0, 0],
    [0, cos, sin],
    [0, -sin, cos],
  ];
}

/** About the upward axis, in degrees; positive turns to the left. */
export function yaw(degrees: number): Rotation {
  const [sin, cos] = sinCos(degrees);
  return [
    [cos, 0, -sin],
    [0, 1, 0],
    [sin, 0, cos],
  ];
}

/** About the axis to the right, in degrees; positive tips the head back and swings a hanging limb forward. */
export function pitch(degrees: number): Rotation {
  const [sin, cos] = sinCos(degrees);
  return [
    [cos, sin, 0],
    [-sin, cos, 0],
    [0, 0, 1],
  ];
}

function sinCos(degrees: number): [number, number] {
  const radians = (degrees * Math.PI) / 180;
  return [Math.sin(radians), Math.cos(radians)];
}
