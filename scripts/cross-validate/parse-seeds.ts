import { InvalidArgumentError } from 'commander';

/**
 * Seeds separated by commas.
 *
 * @throws {InvalidArgumentError} If one is no whole number, 1 or more.
 */
export function parseSeeds(text: string): number[] {
  return text.split(',').map((item) => {
    const seed = Number(item);
    if (item.trim() !== '' && Number.isInteger(seed) && seed >= 1) return seed;
    throw new InvalidArgumentError('Expected whole numbers, 1 or more, separated by commas.');
  });
}
