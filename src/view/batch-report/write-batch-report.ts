import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { writeAside } from '../../runtime/output-file.js';
import { UNKNOWN_LABEL } from '../../timeline/unknown.js';
import { html, pageHead, THEME, type Html } from '../html.js';
import { formatCount } from '../../format-count.js';
import { LabelColors } from '../timeline-drawing.js';
import { SCRIPT } from './page-script.js';
import { budgetOf, formatRow, type ReportVideo } from './report-row.js';

/** The style sheet of a batch report. */
const STYLE = `${THEME}
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

/** File name of the report in the output folder. */
const REPORT_FILE = 'report.html';

/** The page may also play videos, and run its own script and no other. */
const ALSO_ALLOWED = [
  "media-src 'self' file:",
  `script-src 'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`,
];

/**
 * Writes the report of a batch as one self-contained page; only playing needs the videos. There is one row per video,
 * failures first, with thumbnails and a colored timeline. The timeline shows labels and probabilities under the pointer
 * and plays from where it is clicked. Rows can be searched by text and filtered by label and outcome. Rows are written as
 * they arrive, so memory does not grow with their number. The page stays below about 40 MiB for ten thousand videos.
 *
 * @param numVideos - Number of videos to come. The more there are, the less is kept of each.
 * @returns The path of the page.
 * @throws {OutputError} If the page cannot be written.
 */
export async function writeBatchReport(
  outputDir: string,
  videos: AsyncIterable<ReportVideo> | Iterable<ReportVideo>,
  numVideos: number,
): Promise<string> {
  const file = path.join(outputDir, REPORT_FILE);
  await writeAside(file, async (aside) => {
    const handle = await open(aside, 'wx');
    try {
      for await (const piece of formatPage(videos, numVideos)) await handle.appendFile(piece);
    } finally {
      await handle.close();
    }
  });
  return file;
}

async function* formatPage(
  videos: AsyncIterable<ReportVideo> | Iterable<ReportVideo>,
  numVideos: number,
): AsyncGenerator<string> {
  const labels = new Map<string, number>();
  const labelAt = (label: string): number => {
    if (!labels.has(label)) labels.set(label, labels.size);
    return labels.get(label)!;
  };
  yield `${start(numVideos).text}\n<script type="application/x-ndjson" id="rows">\n`;
  const budget = budgetOf(numVideos);
  for await (const video of videos) {
    for (const label of video.timeline?.labels ?? []) labelAt(label);
    yield `${formatRow(video, budget, labelAt)}\n`;
  }
  const colors = new LabelColors([...labels.keys()], UNKNOWN_LABEL);
  const table = [...labels.keys()].map((name) => ({ name, color: colors.of(name), ink: colors.inkOn(name) }));
  const data = JSON.stringify({ labels: table }).replaceAll('<', '\\u003c');
  yield `</script>\n<script type="application/json" id="labels">${data}</script>\n`;
  yield `<script>${SCRIPT}</script>\n</body>\n</html>\n`;
}

/** Returns the page up to its data, with empty elements that the script fills. */
function start(numVideos: number): Html {
  const title = `Labels of ${formatCount(numVideos, 'video')}`;
  return html`<!doctype html>
    <html lang="en">
      ${pageHead(title, STYLE, ...ALSO_ALLOWED)}
      <body>
        <header>
          <h1>${title}</h1>
          <p class="note">
            Point at a timeline to see its labels; click to play from there. Keyboard: arrow keys move, Page
            Up and Page Down jump between segments, Enter plays.
          </p>
          <div class="legend" id="legend" role="group" aria-label="Only videos that show"></div>
        </header>
        <div class="tools" role="search">
          <label>Find <input type="search" id="text" placeholder="name, label or error" /></label>
          <label
            >Show
            <select id="status">
              <option value="all">all</option>
              <option value="failed">failures</option>
              <option value="labelled">labeled</option>
            </select></label
          >
          <label
            >Sort
            <select id="order">
              <option value="given">as given</option>
              <option value="name">by name</option>
              <option value="longest">longest first</option>
              <option value="segments">most segments first</option>
              <option value="unsure">least sure first</option>
            </select></label
          >
          <output id="count" aria-live="polite"></output>
        </div>
        <ol id="videos"></ol>
        <button type="button" id="more">Show more</button>
        <div id="tip" role="tooltip" hidden></div>
        <noscript>This page needs JavaScript to show its videos.</noscript>
      </body>
    </html> `;
}
