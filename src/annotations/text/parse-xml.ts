import { parseXml, XmlElement, XmlError, type XmlDocument } from '@rgrove/parse-xml';
import { AnnotationError } from '../../errors.js';
import type { LabelFile } from '../annotation-reader.js';

/** An element of an XML file, with what the readers of label files ask of it. */
export interface XmlNode {
  name: string;
  /** One-based line of the file. */
  line: number;
  attributes: Readonly<Record<string, string | undefined>>;
  /** The text in it and in its elements. */
  text: string;
  /** The elements directly in it, in order. */
  children: XmlNode[];
}

/**
 * Parses an XML file. Entities that a document declares itself are not expanded, so that no file can grow on reading.
 *
 * @returns The root element.
 * @throws {AnnotationError} If it is not well-formed.
 */
export function parseXmlFile({ path, text }: LabelFile): XmlNode {
  let document: XmlDocument;
  try {
    document = parseXml(text, { includeOffsets: true });
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    const reason = cause.message.split('\n', 1)[0];
    throw new AnnotationError(`"${path}" is not well-formed XML: ${reason}.`, path, cause.line, { cause });
  }
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return toNode(document.root as XmlElement, lineStarts); // a well-formed document has a root
}

/** The elements anywhere below a node that are reached by a way of names. */
export function childrenAt(node: XmlNode, ...names: string[]): XmlNode[] {
  return names.reduce<XmlNode[]>(
    (nodes, name) => nodes.flatMap(({ children }) => children.filter((child) => child.name === name)),
    [node],
  );
}

function toNode(element: XmlElement, lineStarts: readonly number[]): XmlNode {
  return {
    name: element.name,
    line: lineAt(element.start, lineStarts),
    attributes: element.attributes,
    text: element.text.trim(),
    children: element.children
      .filter((child) => child instanceof XmlElement)
      .map((child) => toNode(child, lineStarts)),
  };
}

/** Bisects: how many lines start at or before an offset. */
function lineAt(offset: number, lineStarts: readonly number[]): number {
  let [low, high] = [0, lineStarts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((lineStarts[middle] as number) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}
