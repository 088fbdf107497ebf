import type { Timeline } from '../timeline/timeline.js';
import { UNKNOWN_LABEL } from '../timeline/unknown.js';

/** Colors of medium lightness, which stand out on white and on black. The first nine are Observable's. */
const PALETTE = [
  ...['#4269d0', '#efb118', '#ff725c', '#6cc5b0', '#3ca951', '#ff8ab7', '#a463f2', '#97bbf5', '#9c6b4e'],
  ...['#2f8fb3', '#c9543a', '#8a9a2b', '#cda3e6', '#b3446c', '#5b8f6e', '#e0c068', '#7f6df2', '#d08c4a'],
];

/** For the background and for unknown labels. */
const NO_ACTIVITY_COLOR = '#9498a0';

/** Colors of labels as `#rrggbb`, the same throughout a report. If there are more labels than colors, some share one. */
export class LabelColors {
  readonly #colors: ReadonlyMap<string, string>;

  constructor(labels: readonly string[], background?: string) {
    const activities = labels.filter((label) => label !== background);
    this.#colors = new Map(activities.map((label, i) => [label, PALETTE[i % PALETTE.length] as string]));
  }

  of(label: string): string {
    return this.#colors.get(label) ?? NO_ACTIVITY_COLOR;
  }

  /** Color of text on top of the label's color: black or white, whichever contrasts more. */
  inkOn(label: string): string {
    const [red, green, blue] = [1, 3, 5].map(
      (at) => parseInt(this.of(label).slice(at, at + 2), 16) / 255,
    ) as [number, number, number];
    // Relative luminance of WCAG with a gamma of 2.2; black and white contrast equally with 0.18.
    const luminance = 0.2126 * red ** 2.2 + 0.7152 * green ** 2.2 + 0.0722 * blue ** 2.2;
    return luminance > 0.18 ? '#111418' : '#ffffff';
  }
}

/** Colors of a timeline's labels. Unknown is gray. */
export function colorsOf({ labels }: Pick<Timeline, 'labels'>): LabelColors {
  return new LabelColors(labels, UNKNOWN_LABEL);
}
