/** A stream of numbers in [0, 1) that one seed fixes. */
export type Random = () => number;

/**
 * Small, fast, seeded generator with a 32-bit state; good enough to shuffle and split, not for secrets.
 *
 * @param place - Numbers that tell streams of one seed apart, such as epoch or step. What is drawn for a place depends on
 *   nothing drawn before, so a training that goes on in the middle has no generator's state to bring along.
 * @see Tommy Ettinger's Mulberry32.
 */
export function createRandom(seed: number, ...place: readonly number[]): Random {
  let state = place.reduce((mixed, number) => scramble(mixed + Math.imul(number, 0x9e3779b1)), seed >>> 0);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    return scramble(state) / 2 ** 32;
  };
}

/** Numbers of the standard normal distribution. @see Box and Muller 1958. */
export function createNormalRandom(random: Random): Random {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random())); // 1 − u is never zero
    const angle = 2 * Math.PI * random();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** Turns neighboring 32-bit numbers into unrelated ones. */
function scramble(number: number): number {
  let mixed = Math.imul(number ^ (number >>> 15), number | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}

/** Fisher-Yates. @returns A new array in random order. */
export function shuffle<Item>(items: readonly Item[], random: Random): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as Item, order[last] as Item];
  }
  return order;
}
