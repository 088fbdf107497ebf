/** A piece of a page. Only `html` and `markup` make one, so that no name of a dataset gets into a page as markup. */
export class Html {
  constructor(readonly text: string) {}
}

/** What can stand in a piece of a page; undefined, null and false leave nothing. */
type Content = Html | string | number | undefined | null | false | readonly Content[];

/** Fills a template. Text in it stays text, whatever it holds, between tags and in quoted attributes. */
export function html(template: TemplateStringsArray, ...contents: Content[]): Html {
  return new Html(String.raw({ raw: template }, ...contents.map(spell)));
}

/** Takes text that is markup already, and of which every name is escaped. */
export function markup(text: string): Html {
  return new Html(text);
}

function spell(content: Content): string {
  if (content === undefined || content === null || content === false) return '';
  if (content instanceof Html) return content.text;
  if (typeof content === 'object') return content.map(spell).join('');
  return String(content).replace(/[&<>"']/g, (character) => ESCAPES[character] as string);
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
