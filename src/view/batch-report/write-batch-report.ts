import { createHash, randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { OutputError } from '../../errors.js';
import { prepareOutputFolder } from '../../runtime/output-file.js';
import { UNKNOWN_LABEL } from '../../timeline/unknown.js';
import { html, pageHead, type Html } from '../html.js';
import { LabelColors } from '../label-colors.js';
import { formatCount } from '../timeline-drawing.js';
import { SCRIPT } from './page-script.js';
import { STYLE } from './page-style.js';
import { budgetOf, formatRow, type ReportVideo } from './report-row.js';

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
  await prepareOutputFolder(outputDir);
  const file = path.join(outputDir, REPORT_FILE);
  const aside = path.join(outputDir, `.${REPORT_FILE}.${randomUUID()}.part`);
  try {
    const handle = await open(aside, 'wx');
    try {
      for await (const piece of formatPage(videos, numVideos)) await handle.appendFile(piece);
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new OutputError(`Cannot write "${file}": ${cause.message}.`, file, { cause });
  } finally {
    await rm(aside, { force: true });
  }
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
