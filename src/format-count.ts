/** A number with its noun, singular or plural. @example formatCount(1, 'video') // '1 video' */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : noun.endsWith('tch') ? 'es' : 's'}`;
}
