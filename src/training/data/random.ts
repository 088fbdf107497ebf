/** Returns the next number in [0, 1) of a seeded stream. */
export type Random = () => number;

/**
 * Creates a small, fast, seeded generator with a 32-bit state. It is good enough to shuffle and split, not for secrets.
 *
 * @param place - Numbers that distinguish streams of one seed, such as epoch or step. A stream depends on nothing that was
 *   drawn before, so a resumed training needs no saved generator state.
 * @see Tommy Ettinger's Mulberry32.
 */
export function createRandom(seed: number, ...place: readonly number[]): Random {
  let state = place.reduce((mixed, number) => scramble(mixed + Math.imul(number, 0x9e3779b1)), seed >>> 0);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    return scramble(state) / 2 ** 32;
  };
}

/** Draws from the standard normal distribution. @see Box and Muller 1958. */
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

/** Returns a new array in random order, by Fisher-Yates. */
export function shuffle<Item>(items: readonly Item[], random: Random): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as Item, order[last] as Item];
  }
  return order;
}
