import { createHash } from 'node:crypto';

/**
 * Names an encoder: features of two encoders with one id are the same.
 *
 * @param name - What a person reads.
 * @param shaping - All that shapes the features, such as checksums of weights; a short hash of it makes the id unique.
 */
export function encoderId(name: string, ...shaping: string[]): string {
  const hash = createHash('sha256');
  for (const part of shaping) hash.update(part);
  return `${name}-${hash.digest('hex').slice(0, 12)}`;
}
