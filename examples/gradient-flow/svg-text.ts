/** Style of a line of text. Sizes are in pixels. */
export interface TextStyle {
  size?: number;
  isBold?: boolean;
  anchor?: 'start' | 'middle' | 'end';
  color?: string;
  /** Rotated to read upwards. */
  isVertical?: boolean;
}

/** An SVG text element. The letter after an underscore is set as a subscript. */
export function text(x: number, y: number, line: string, style: TextStyle = {}): string {
  const { size = 13, isBold, anchor, color, isVertical } = style;
  const attributes = [
    // A space after a subscript would collapse.
    `xml:space="preserve" x="${x}" y="${y}" font-size="${size}"`,
    isBold && 'font-weight="bold"',
    anchor && `text-anchor="${anchor}"`,
    color && `fill="${color}"`,
    isVertical && `transform="rotate(-90 ${x} ${y})"`,
  ];
  const drop = Math.round(size * 0.25);
  const pieces = line.split(/_(\w)/).map((piece, index) => {
    if (index % 2 === 1) return `<tspan dy="${drop}" font-size="${Math.round(size * 0.72)}">${piece}</tspan>`;
    // Back on the line after a subscript.
    return index === 0 || piece === '' ? escape(piece) : `<tspan dy="${-drop}">${escape(piece)}</tspan>`;
  });
  return `<text ${attributes.filter(Boolean).join(' ')}>${pieces.join('')}</text>`;
}

function escape(line: string): string {
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
