import { parseXml, XmlElement, XmlError } from '@rgrove/parse-xml';
import XMLBuilder from 'fast-xml-builder';
import { AnnotationError } from '../../errors.js';
import type { LabelFile } from '../annotation-format.js';

/** An element of an XML file, reduced to what the readers of label files need. */
export interface XmlNode {
  name: string;
  /** One-based line of the file. */
  line: number;
  attributes: Readonly<Record<string, string | undefined>>;
  /** The text of the element and its descendants. */
  text: string;
  /** Child elements, in order. */
  children: XmlNode[];
}

/**
 * Parses an XML file. Entities that the document declares are not expanded, so a small file cannot expand to a huge one.
 *
 * @returns The root element.
 * @throws {AnnotationError} If it is not well-formed, or nested more than 1,000 deep.
 */
export function parseXmlFile({ path, text }: LabelFile): XmlNode {
  try {
    const document = parseXml(text, { includeOffsets: true });
    const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    return toNode(document.root as XmlElement, lineStarts); // a well-formed document has a root
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new AnnotationError(
        `"${path}" nests its elements too deeply for a label file.`,
        path,
        undefined,
        { cause },
      );
    }
    if (!(cause instanceof XmlError)) throw cause;
    const reason = cause.message.split('\n', 1)[0];
    throw new AnnotationError(`"${path}" is not well-formed XML: ${reason}.`, path, cause.line, { cause });
  }
}

/** Label files nest less than ten levels. */
const MAX_DEPTH = 1000;

/** Finds the elements that a path of names reaches from a node: `childrenAt(root, 'HEADER', 'MEDIA_DESCRIPTOR')`. */
export function childrenAt(node: XmlNode, ...names: string[]): XmlNode[] {
  return names.reduce<XmlNode[]>(
    (nodes, name) => nodes.flatMap(({ children }) => children.filter((child) => child.name === name)),
    [node],
  );
}

function toNode(element: XmlElement, lineStarts: readonly number[], depth = 0): XmlNode {
  if (depth > MAX_DEPTH) throw new RangeError(`more than ${MAX_DEPTH} levels`); // As where the stack is too small.
  return {
    name: element.name,
    line: lineAt(element.start, lineStarts),
    attributes: element.attributes,
    text: element.text.trim(),
    children: element.children
      .filter((child) => child instanceof XmlElement)
      .map((child) => toNode(child, lineStarts, depth + 1)),
  };
}

/** One-based line of an offset, by bisection. */
function lineAt(offset: number, lineStarts: readonly number[]): number {
  let [low, high] = [0, lineStarts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((lineStarts[middle] as number) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

/** The content of an element by name: `@name` is an attribute, a list is a repeated element. */
export interface XmlContent {
  [name: string]: string | number | XmlContent | readonly XmlContent[];
}

const builder = new XMLBuilder({
  attributeNamePrefix: '@',
  textNodeName: '#text',
  ignoreAttributes: false,
  suppressBooleanAttributes: false,
  suppressEmptyNode: true,
  format: true,
});

/** Formats an indented XML document in UTF-8. Markup in texts is escaped; characters that XML forbids are left out. */
export function formatXml(root: XmlContent): string {
  const text = builder.build({ '?xml': { '@version': '1.0', '@encoding': 'UTF-8' }, ...root });
  return text.replace(/[^\P{Cc}\t\n\r]/gu, '');
}
