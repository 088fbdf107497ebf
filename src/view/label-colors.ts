/** Of middling lightness, so that they stand out on white and on black; the first nine are Observable's. */
const PALETTE = [
  ...['#4269d0', '#efb118', '#ff725c', '#6cc5b0', '#3ca951', '#ff8ab7', '#a463f2', '#97bbf5', '#9c6b4e'],
  ...['#2f8fb3', '#c9543a', '#8a9a2b', '#cda3e6', '#b3446c', '#5b8f6e', '#e0c068', '#7f6df2', '#d08c4a'],
];

/** Of the background, and of what the model is not sure of. */
const NO_ACTIVITY_COLOR = '#9498a0';

/** Colors of labels, as `#rrggbb`, the same throughout a report. With more labels than colors some share one. */
export class LabelColors {
  readonly #colors: ReadonlyMap<string, string>;

  constructor(labels: readonly string[], background?: string) {
    const activities = labels.filter((label) => label !== background);
    this.#colors = new Map(activities.map((label, i) => [label, PALETTE[i % PALETTE.length] as string]));
  }

  of(label: string): string {
    return this.#colors.get(label) ?? NO_ACTIVITY_COLOR;
  }

  /** Color of text that stands on the label's color. */
  inkOn(label: string): string {
    const [red, green, blue] = [1, 3, 5].map(
      (at) => parseInt(this.of(label).slice(at, at + 2), 16) / 255,
    ) as [number, number, number];
    // Relative luminance of WCAG with a gamma of 2.2; black and white contrast equally with 0.18.
    const luminance = 0.2126 * red ** 2.2 + 0.7152 * green ** 2.2 + 0.0722 * blue ** 2.2;
    return luminance > 0.18 ? '#111418' : '#ffffff';
  }
}
