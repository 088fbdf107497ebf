import { ShapeError } from '../errors.js';

/**
 * Checks the shape of a tensor.
 *
 * @param what - Subject of the message, such as "The hidden state".
 * @param tensor - May be symbolic: an unknown size, null, matches any size.
 * @param expected - Size of each axis. A string names an axis of any size of at least one.
 * @throws {ShapeError} If the tensor is missing, or its rank or the size of an axis differs.
 */
export function expectShape(
  what: string,
  tensor: { readonly shape: readonly (number | null)[] } | undefined,
  expected: readonly (number | string)[],
): void {
  const fits =
    tensor?.shape.length === expected.length &&
    expected.every((size, axis) => {
      const received = tensor.shape[axis] ?? null;
      return received === null || (typeof size === 'number' ? received === size : received >= 1);
    });
  if (!fits)
    throw new ShapeError(
      what,
      `[${expected.join(', ')}]`,
      tensor ? `[${tensor.shape.map(String).join(', ')}]` : 'none',
    );
}

/**
 * Checks the number of units of a recurrent cell.
 *
 * @throws {ShapeError} If it is not a positive integer.
 */
export function expectUnits(units: number): void {
  if (!Number.isInteger(units) || units < 1) {
    throw new ShapeError('The units of a recurrence', 'a whole number of at least one', String(units));
  }
}
