import { normalize } from './geometry.js';
import type { Rotation, Vector } from './geometry.js';

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/**
 * The space that a ball sweeps on its way from one point to another while its size changes: a limb, a trunk,
 * a head. With axes and stretch the ball is an ellipsoid.
 */
export interface Solid {
  from: Vector;
  to: Vector;
  fromRadius: number;
  toRadius: number;
  axes?: Rotation;
  /** Half-axes of the ellipsoid along `axes`, as multiples of the radius. */
  stretch?: Vector;
  colour: Colour;
  /** A second colour in bands from one end to the other. */
  bands?: { colour: Colour; count: number };
}

/** How a scene is lit. */
export interface Light {
  /** Towards the light, of length 1. */
  direction: Vector;
  /** Light from everywhere, 0 to 1; the rest comes from the direction. */
  ambient: number;
  /** Multiplies red, green and blue. */
  tint: Vector;
}

/** Draws solids in front of one another, each with its own shape and shading, without a mesh. */
export class SolidCanvas {
  /**
   * Distance towards the viewer of what each pixel shows; `-Infinity` where it shows nothing. `[height,
   * width]`.
   */
  readonly depth: Float32Array;
  /** `[height, width, 3]`. */
  readonly pixels: Uint8ClampedArray;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.depth = new Float32Array(width * height);
    this.pixels = new Uint8ClampedArray(width * height * 3);
    this.clear();
  }

  clear(): void {
    this.depth.fill(-Infinity);
  }

  /**
   * Draws one solid, seen along z, in pixels with y downwards in the picture and upwards in the solid.
   *
   * A ball of radius r(t) round c(t), both linear in t, shows its surface at depth c_z(t) + √(r(t)² − |p − c(t)|²)
   * over the pixel p. The swept solid shows the largest such depth for 0 ≤ t ≤ 1. It has a closed form, for the depth
   * is z₀ + z₁·t + √(A + B·t + C·t²): concave where C < 0, and largest at
   *
   *   t* = (B + z₁·√((B² − 4AC) / (z₁² − C))) / −2C
   *
   * An ellipsoid has the same form, through the Schur complement of its matrix.
   */
  draw(solid: Solid, light: Light): void {
    const { width, height, depth, pixels } = this;
    const { from, to, fromRadius, colour, bands } = solid;
    const [xx, xy, xz, yy, yz, zz] = quadraticForm(solid);
    const growth = solid.toRadius - fromRadius;
    const [alongX, alongY, alongZ] = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];

    // Seen along z, the ellipsoid is the ellipse pᵀ·S·p ≤ r²/zz.
    const [sxx, sxy, syy] = [
      xx / zz - (xz / zz) ** 2,
      xy / zz - (xz * yz) / zz ** 2,
      yy / zz - (yz / zz) ** 2,
    ];
    const slope = alongZ + (xz * alongX + yz * alongY) / zz;
    const curve = growth ** 2 / zz - (sxx * alongX ** 2 + 2 * sxy * alongX * alongY + syy * alongY ** 2);
    const ellipse = zz * (sxx * syy - sxy ** 2);
    const [reachX, reachY] = [Math.sqrt(syy / ellipse), Math.sqrt(sxx / ellipse)];

    const left = Math.max(
      0,
      Math.floor(Math.min(from[0] - reachX * fromRadius, to[0] - reachX * solid.toRadius)),
    );
    const right = Math.min(
      width,
      Math.ceil(Math.max(from[0] + reachX * fromRadius, to[0] + reachX * solid.toRadius)),
    );
    const top = Math.max(from[1] + reachY * fromRadius, to[1] + reachY * solid.toRadius);
    const bottom = Math.min(from[1] - reachY * fromRadius, to[1] - reachY * solid.toRadius);
    const firstRow = Math.max(0, Math.floor(-top));
    const endRow = Math.min(height, Math.ceil(-bottom));

    for (let row = firstRow; row < endRow; row++) {
      const offsetY = -(row + 0.5) - from[1];
      for (let column = left; column < right; column++) {
        const offsetX = column + 0.5 - from[0];
        const a =
          fromRadius ** 2 / zz - (sxx * offsetX ** 2 + 2 * sxy * offsetX * offsetY + syy * offsetY ** 2);
        const b =
          (2 * fromRadius * growth) / zz +
          2 * (sxx * offsetX * alongX + sxy * (offsetX * alongY + offsetY * alongX) + syy * offsetY * alongY);

        let t: number;
        if (curve < 0) {
          const hit = b * b - 4 * a * curve;
          if (hit < 0) continue;
          t = (-b - slope * Math.sqrt(hit / (slope * slope - curve))) / (2 * curve);
          t = t < 0 ? 0 : t > 1 ? 1 : t;
        } else {
          // Seen end on, one end hides the other.
          const [near, far] = [a + b + curve, a];
          t = near >= 0 && (far < 0 || slope + Math.sqrt(near) > Math.sqrt(far)) ? 1 : 0;
        }
        const squared = a + b * t + curve * t * t;
        if (squared < 0) continue;
        const bulge = Math.sqrt(squared);
        const [x, y] = [offsetX - alongX * t, offsetY - alongY * t];
        const z = bulge - (xz * x + yz * y) / zz;
        const at = row * width + column;
        const nearness = from[2] + alongZ * t + z;
        if (nearness <= depth[at]!) continue;
        depth[at] = nearness;

        const normal = normalize([
          xx * x + xy * y + xz * z,
          xy * x + yy * y + yz * z,
          xz * x + yz * y + zz * z,
        ]);
        const shade = brightness(normal, light);
        const shown = bands && Math.floor(t * bands.count) % 2 === 1 ? bands.colour : colour;
        pixels[3 * at] = shown[0] * shade * light.tint[0];
        pixels[3 * at + 1] = shown[1] * shade * light.tint[1];
        pixels[3 * at + 2] = shown[2] * shade * light.tint[2];
      }
    }
  }
}

/** Lambert's law, light from the sky, and a darker rim as cloth has it. */
function brightness(normal: Vector, { direction, ambient }: Light): number {
  const facing = Math.max(0, normal[0] * direction[0] + normal[1] * direction[1] + normal[2] * direction[2]);
  const sky = 0.75 + 0.25 * normal[1];
  const rim = 0.82 + 0.18 * Math.min(1, 1.6 * normal[2]);
  return (ambient * sky + (1.4 - ambient) * facing) * rim;
}

/** The symmetric matrix Q with pᵀ·Q·p = r² on the ellipsoid of radius r, as xx, xy, xz, yy, yz, zz. */
function quadraticForm({
  axes,
  stretch = [1, 1, 1],
}: Solid): [number, number, number, number, number, number] {
  if (!axes) return [1, 0, 0, 1, 0, 1];
  const sum = (i: 0 | 1 | 2, j: 0 | 1 | 2): number =>
    axes.reduce((total, axis, k) => total + (axis[i] * axis[j]) / stretch[k]! ** 2, 0);
  return [sum(0, 0), sum(0, 1), sum(0, 2), sum(1, 1), sum(1, 2), sum(2, 2)];
}
