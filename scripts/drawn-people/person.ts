import type { Random } from './random.js';
import type { Build } from './skeleton.js';
import type { Colour } from './solid-canvas.js';

/** What a person wears and looks like. */
interface Look {
  skin: Colour;
  hair: Colour;
  hairStyle: 'short' | 'long' | 'bun' | 'bald' | 'cap';
  shirt: Colour;
  /** A second colour of the shirt, in bands. */
  bands?: Colour;
  sleeves: 'none' | 'short' | 'long';
  legwear: 'trousers' | 'shorts' | 'skirt';
  legs: Colour;
  shoes: Colour;
  hasBackpack: boolean;
}

/** One drawn person. */
export interface Person {
  build: Build;
  look: Look;
}

const SKINS: readonly Colour[] = [
  [246, 212, 186],
  [234, 190, 158],
  [214, 164, 126],
  [182, 130, 94],
  [140, 94, 66],
  [100, 66, 48],
];

const HAIR: readonly Colour[] = [
  [34, 27, 24],
  [62, 42, 30],
  [104, 70, 42],
  [176, 134, 80],
  [150, 72, 40],
  [168, 166, 164],
];

const CLOTHES: readonly Colour[] = [
  [196, 52, 48],
  [226, 128, 48],
  [232, 196, 84],
  [70, 142, 84],
  [48, 122, 140],
  [60, 94, 168],
  [112, 76, 150],
  [206, 110, 146],
  [236, 234, 226],
  [132, 136, 142],
  [56, 60, 70],
  [126, 92, 66],
];

const LEGWEAR: readonly Colour[] = [
  [46, 58, 92],
  [74, 96, 136],
  [42, 42, 48],
  [112, 108, 100],
  [146, 124, 92],
  [84, 66, 54],
  [70, 84, 66],
  [168, 60, 66],
];

const SHOES: readonly Colour[] = [
  [36, 34, 36],
  [228, 226, 222],
  [104, 68, 44],
  [178, 52, 50],
];

/** Casts one person: body, hair and clothes. */
export function createPerson(random: Random): Person {
  const varied = (spread: number): number => 1 + spread * Math.max(-2, Math.min(2, random.normal()));
  const build = {
    heightM: random.between(1.5, 1.92),
    girth: varied(0.1),
    legs: varied(0.03),
    shoulders: varied(0.06),
    hips: varied(0.06),
    head: varied(0.04),
  };
  const shirt = shaded(random.pick(CLOTHES), random);
  const look: Look = {
    skin: shaded(random.pick(SKINS), random),
    hair: random.pick(HAIR),
    hairStyle: random.pick(['short', 'short', 'long', 'bun', 'bald', 'cap']),
    shirt,
    sleeves: random.pick(['none', 'short', 'short', 'long', 'long']),
    legwear: random.pick(['trousers', 'trousers', 'trousers', 'shorts', 'skirt']),
    legs: shaded(random.pick(LEGWEAR), random),
    shoes: random.pick(SHOES),
    hasBackpack: random.chance(0.1),
    ...(random.chance(0.25) && { bands: random.pick(CLOTHES) }),
  };
  return { build, look };
}

function shaded([red, green, blue]: Colour, random: Random): Colour {
  const factor = random.between(0.82, 1.06);
  return [red * factor, green * factor, blue * factor];
}
