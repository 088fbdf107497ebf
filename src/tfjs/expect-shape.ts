import { ShapeError } from '../errors.js';

/**
 * @param what - Subject of the message, as in "The hidden state".
 * @param tensor - May be symbolic: a size that is not known yet, null, fits any.
 * @param expected - Size of each axis; a string names an axis that may have any size of at least one.
 * @throws {ShapeError} If there is no tensor, or one of another rank, or of another size on an axis.
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

/** @throws {ShapeError} If a recurrence cannot have that many units. */
export function expectUnits(units: number): void {
  if (!Number.isInteger(units) || units < 1) {
    throw new ShapeError('The units of a recurrence', 'a whole number of at least one', String(units));
  }
}
