import { THEME } from '../html.js';

/** The style sheet of a batch report. */
export const STYLE = `${THEME}
header .note { color: var(--muted); }
.tools { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; margin: 1rem 0; padding: .6rem .75rem; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; }
.tools label { display: flex; gap: .4rem; align-items: center; font-size: .87rem; color: var(--muted); }
input, select, button { font: inherit; color: var(--text); background: var(--page); border: 1px solid var(--line); border-radius: 6px; padding: .25rem .5rem; }
button { cursor: pointer; }
input[type=search] { width: 15rem; max-width: 100%; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
output { margin-left: auto; font-size: .87rem; color: var(--muted); }
.legend { display: flex; flex-wrap: wrap; gap: .3rem; max-height: 9rem; overflow: auto; margin-top: .75rem; padding: 2px; }
.legend button { display: inline-flex; gap: .4rem; align-items: center; padding: .1rem .55rem; border-radius: 99px; background: var(--panel); font-size: .87rem; }
.legend button[aria-pressed=true] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.legend i { width: .75rem; height: .75rem; border-radius: 3px; }
ol { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem; }
li { padding: .75rem 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; min-width: 0; }
li.failed { border-left: 4px solid var(--wrong); }
li header { display: flex; flex-wrap: wrap; gap: .1rem 1rem; align-items: baseline; }
li header span { color: var(--muted); font-size: .87rem; }
li header .facts { margin-left: auto; }
.error { margin: .3rem 0 0; overflow-wrap: anywhere; }
.error b { color: var(--wrong); }
.thumbnails { display: flex; gap: 3px; margin-top: .5rem; overflow: hidden; }
.thumbnails button { flex: none; padding: 0; border: 0; border-radius: 4px; background-repeat: no-repeat; }
.bar { position: relative; height: 26px; margin-top: .4rem; border-radius: 4px; overflow: hidden; background: var(--line); cursor: pointer; touch-action: pan-y; }
.bar:focus-visible { overflow: visible; }
.bar i { position: absolute; top: 0; bottom: 0; padding: 0 4px; overflow: hidden; font: 12px/26px system-ui, sans-serif; white-space: nowrap; text-overflow: ellipsis; border-right: 1px solid var(--panel); min-width: 1px; }
.bar i.narrow { padding: 0; border: 0; }
.bar b { position: absolute; top: 0; bottom: 0; width: 2px; margin-left: -1px; background: var(--text); box-shadow: 0 0 0 1px var(--panel); pointer-events: none; }
.player { position: relative; margin-top: .6rem; }
.player video { display: block; width: 100%; max-height: 70vh; background: #000; border-radius: 6px; }
.player button { position: absolute; top: .5rem; right: .5rem; }
#more { display: block; margin: 1rem auto 0; }
#tip { position: fixed; z-index: 3; width: max-content; max-width: 22rem; padding: .5rem .65rem; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; box-shadow: 0 4px 16px rgb(0 0 0 / .25); font-size: .84rem; pointer-events: none; }
#tip p { display: grid; grid-template-columns: 7rem 6rem 3.2rem; gap: .4rem; align-items: center; margin: 0; line-height: 1.35; }
#tip p span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#tip p i { height: .5rem; border-radius: 2px; }
#tip p b { font-weight: 400; text-align: right; white-space: nowrap; }
[hidden] { display: none !important; }
@media print { .tools, #more { display: none; } li { break-inside: avoid; } * { print-color-adjust: exact; } }
`;
