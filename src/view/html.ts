/** A piece of HTML or SVG. Only `html` and `markup` create one, so no name in a dataset can become markup. */
export class Html {
  constructor(readonly text: string) {}
}

/** What a template may contain. Undefined, null and false become nothing. */
type Content = Html | string | number | undefined | null | false | readonly Content[];

/**
 * Fills a template, escaping its contents for use between tags and in quoted attributes.
 *
 * @example
 * html`<p>${name}</p>`;
 */
export function html(template: TemplateStringsArray, ...contents: Content[]): Html {
  return new Html(String.raw({ raw: template }, ...contents.map(formatContent)));
}

/** Marks text as markup. The caller has escaped every name in it. */
export function markup(text: string): Html {
  return new Html(text);
}

function formatContent(content: Content): string {
  if (content === undefined || content === null || content === false) return '';
  if (content instanceof Html) return content.text;
  if (typeof content === 'object') return content.map(formatContent).join('');
  return String(content).replace(/[&<>"']/g, (character) => ESCAPES[character] as string);
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A page may show embedded pictures and use its own style sheet, and nothing else. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/**
 * Creates the head of a self-contained page. Its policy forbids fetching and running anything, so even a name that
 * became markup by mistake could do no harm.
 *
 * @param style - Style sheet.
 * @param alsoAllowed - Additional directives of the Content-Security-Policy, which allow more.
 */
export function pageHead(title: string, style: string, ...alsoAllowed: string[]): Html {
  return html`<head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta http-equiv="Content-Security-Policy" content="${[POLICY, ...alsoAllowed].join('; ')}" />
    <title>${title}</title>
    <style>
      ${markup(style)}
    </style>
  </head>`;
}

/** Style sheet that all pages share: named colors for light and dark mode, and plain text. */
export const THEME = `
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --panel: #ffffff; --text: #1b1e23; --muted: #636a75; --line: #dde1e7;
  --accent: #2f6bd8; --wrong: #d4502b; --on-accent: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #121417; --panel: #1b1e23; --text: #e7e9ec; --muted: #9aa2ae; --line: #343a43;
    --accent: #74a7ff; --wrong: #ff8a66; --on-accent: #10131a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem;
  background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
h1 { margin: 0; font-size: 1.7rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 0 0 .25rem; font-size: 1.15rem; }
h3 { margin: 0; font-size: .95rem; overflow-wrap: anywhere; }
p { margin: .25rem 0; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
`;
