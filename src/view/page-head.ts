import { html, markup, type Html } from './html.js';

/** What a page may do: show pictures that are in it, in its own style. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/**
 * The head of a page that needs nothing beside itself. Nothing may be fetched or run, so that even a name that got through
 * as markup could do nothing.
 *
 * @param style - Style sheet.
 * @param alsoAllowed - Directives of a Content-Security-Policy that allow more, of a page that wants it.
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
