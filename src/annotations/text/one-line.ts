/** A label for formats whose entries are lines: line breaks, tabs and control characters become single spaces. */
export function oneLine(label: string): string {
  return label.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}
