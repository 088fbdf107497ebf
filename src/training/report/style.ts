import { THEME } from '../../view/html.js';

/** The style sheet of a report: the common theme, colors of curves, and rules for printing. */
export const STYLE = `${THEME}
:root { --series-1: #2f6bd8; --series-2: #d97a06; --series-3: #12907a; --series-4: #9447d6; }
@media (prefers-color-scheme: dark) {
  :root { --series-1: #74a7ff; --series-2: #f7b04b; --series-3: #4fd0b5; --series-4: #c79bff; }
}
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin-top: .75rem; font-size: .9rem; }
section { margin-top: 1.25rem; padding: 1.1rem 1.25rem 1.25rem; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; }
.note, .lead, figcaption { color: var(--muted); font-size: .87rem; }
.lead { max-width: 46rem; margin-bottom: .75rem; }
figcaption b { color: var(--text); margin-right: .5rem; }
figure { margin: 0; min-width: 0; }
svg { --plot-background: var(--panel); overflow: visible; }
svg [aria-label$="grid"] { stroke: var(--line); stroke-opacity: 1; }
.scroll { overflow-x: auto; }
.scroll > svg { max-width: none; }

.scores { display: grid; grid-template-columns: repeat(auto-fit, minmax(6.3rem, 1fr)); gap: .5rem; margin: 1.25rem 0 0; }
.scores div { display: flex; flex-direction: column; justify-content: space-between; padding: .6rem .7rem; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; }
.scores dt { color: var(--muted); font-size: .78rem; line-height: 1.3; }
.scores dd { margin: 0; font-size: 1.25rem; line-height: 1.25; font-weight: 600; white-space: nowrap; }
.scores small { font-size: .72rem; font-weight: 400; color: var(--muted); }

.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.5rem 2rem; }
.charts svg { width: 100%; max-width: 36rem; height: auto; }
.key { display: inline-flex; align-items: center; gap: .35rem; margin-right: .8rem; color: var(--text); white-space: nowrap; }
.key i { display: inline-block; flex: none; width: .75rem; height: .75rem; border-radius: 3px; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 0; margin: .25rem 0 1rem; font-size: .87rem; }

table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { padding: .35rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--muted); font-weight: 500; }
th:first-child, td:first-child { text-align: left; padding-left: 0; white-space: normal; overflow-wrap: anywhere; }
table.scored th:first-child { min-width: 7rem; }
table.scored th + th { width: 15%; }
td.share { background: linear-gradient(to top, color-mix(in srgb, var(--accent) 75%, transparent) 3px, transparent 3px) no-repeat left bottom / var(--share) 100%; }
table.facts td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
table.facts td:first-child { color: var(--muted); width: 13rem; }

.videos { display: grid; gap: 1.5rem 2rem; }
.videos.clips { grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); }
.video header { display: flex; justify-content: space-between; gap: 1rem; align-items: baseline; }
.video header span { color: var(--muted); font-size: .87rem; white-space: nowrap; }
.hardest { display: grid; grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); gap: 1.1rem 1rem; font-size: .87rem; }
.picture { display: grid; grid-template: minmax(0, 1fr) / minmax(0, 1fr); place-items: center; height: 104px; margin-bottom: .4rem; border-radius: 6px; overflow: hidden; background: color-mix(in srgb, var(--muted) 18%, transparent); color: var(--muted); }
.picture img { width: 100%; height: 100%; object-fit: contain; }
.hardest p { margin: 0; overflow-wrap: anywhere; }
.hardest .key { margin-right: .3rem; white-space: normal; }

pre { margin: .5rem 0 1rem; padding: .75rem .9rem; background: var(--page); border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem/1.45 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
summary { cursor: pointer; margin-top: 1rem; color: var(--accent); }
h2 + table, h3 + table { margin-top: .5rem; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.25rem 2rem; }

.stacked > * + * { margin-top: 1.5rem; }

@media print {
  body { padding: 0; max-width: none; background: none; font-size: 12px; }
  section { border: 0; padding: 0; }
  nav, summary { display: none; }
  details::details-content { content-visibility: visible; }
  .scroll { overflow: visible; }
  .scroll > svg { max-width: 100%; }
  .charts, .columns { grid-template-columns: 1fr 1fr; }
  figure, .video, .hardest > *, tr { break-inside: avoid; }
  h2, h3, .lead { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
