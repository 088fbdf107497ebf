/** What all pages share: colors by name for light and dark, and how plain text looks. */
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
