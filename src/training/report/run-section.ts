import { html, type Html } from '../../view/html.js';
import type { TrainingReport } from './report-data.js';

/** Everything needed to train the model again. */
export function describeRun(
  { command, configuration, dataset, settings }: TrainingReport,
  versions: Readonly<Record<string, string>>,
): Html {
  const { source, hash, labels, notes = [] } = dataset;
  return html`<section id="run">
    <h2>How to train this again</h2>
    ${command.length > 0 ? html`<pre>${formatCommand(command)}</pre>` : html`<p class="note">Trained by a program that named no command.</p>`}
    <div class="columns">
      <div>
        <h3>Dataset</h3>
        ${tabulate({ source, 'SHA-256': hash })} ${tabulateLabels(labels)}
        ${notes.map((note) => html`<p class="note">${note}</p>`)}
      </div>
      <div>
        <h3>Versions</h3>
        ${tabulate(versions)}
      </div>
    </div>
    ${
      configuration &&
      html`<details>
        <summary>Configuration, for <code>framewise train --config</code></summary>
        <pre>${configuration}</pre>
      </details>`
    }
    <details>
      <summary>Settings</summary>
      ${tabulate(settings)}
    </details>
  </section>`;
}

function tabulateLabels(labels: TrainingReport['dataset']['labels']): Html {
  const areVideosCounted = labels.some(({ numVideos }) => numVideos !== undefined);
  const isTimed = labels.some(({ labelledSec }) => typeof labelledSec === 'number');
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Label</th>
        ${areVideosCounted && html`<th scope="col">Videos</th>`}
        <th scope="col">Segments</th>
        ${isTimed && html`<th scope="col">Minutes</th>`}
      </tr>
    </thead>
    <tbody>
      ${labels.map(
        ({ label, numVideos, numSegments, labelledSec }) =>
          html`<tr>
            <td>${label}</td>
            ${areVideosCounted && html`<td>${numVideos ?? '–'}</td>`}
            <td>${numSegments}</td>
            ${isTimed && html`<td>${typeof labelledSec === 'number' ? (labelledSec / 60).toFixed(1) : '–'}</td>`}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function tabulate(facts: Readonly<Record<string, unknown>>): Html {
  return html`<table class="facts">
    <tbody>
      ${Object.entries(facts)
        .filter(([, value]) => value !== undefined)
        .map(
          ([name, value]) =>
            html`<tr>
              <td>${name}</td>
              <td>${typeof value === 'string' ? value : JSON.stringify(value)}</td>
            </tr>`,
        )}
    </tbody>
  </table>`;
}

/** Formats a command so that a shell reads the same words: `framewise train 'my clips' --output out`. */
export function formatCommand(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quote(word))).join(' ');
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
