import XMLBuilder from 'fast-xml-builder';

/** An element's content by name: `@name` is an attribute, a list is an element repeated. */
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

/** An XML document in UTF-8 with its elements indented, markup in texts escaped, characters that XML forbids left out. */
export function writeXml(root: XmlContent): string {
  const text = builder.build({ '?xml': { '@version': '1.0', '@encoding': 'UTF-8' }, ...root });
  return text.replace(/[^\P{Cc}\t\n\r]/gu, '');
}
