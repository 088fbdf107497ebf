import { html, type Html } from '../../view/html.js';
import type { ReportData } from './report-data.js';

/** A row of the scores that sum a model up. */
export function describeScores({ scores }: Pick<ReportData, 'scores'>): Html {
  const { frameAccuracy, clipAccuracy, edit, f1, meanAveragePrecision, calibrationError, loss } = scores;
  const tiles: [name: string, score: number | null][] = [
    ['Frame accuracy', frameAccuracy],
    ...(clipAccuracy === null ? [] : [['Clip accuracy', clipAccuracy] as [string, number]]),
    ['Edit', edit],
    ['F1@10', f1[10]],
    ['F1@25', f1[25]],
    ['F1@50', f1[50]],
    ['mAP', meanAveragePrecision],
    ['Calibration error', calibrationError],
  ];
  return html`<dl class="scores">
    ${tiles.map(
      ([name, score]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${formatScore(score)} ${score !== null && html`<small>%</small>`}</dd>
        </div>`,
    )}
    <div>
      <dt>Loss</dt>
      <dd>${loss === null ? '–' : loss.toFixed(3)} <small>nats</small></dd>
    </div>
  </dl>`;
}

/** The table of the labels. */
export function describeLabels({ scores }: Pick<ReportData, 'scores'>): Html {
  const head = ['Label', 'Support, frames', 'Precision', 'Recall', 'F1', 'Average precision'];
  const cell = (score: number | null): Html =>
    html`<td class="share" style="--share: ${(score ?? 0).toFixed(1)}%">${formatScore(score)}</td>`;
  return html`<table class="scored">
    <thead>
      <tr>
        ${head.map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${scores.perLabel.map(
        ({ label, numFrames, precision, recall, f1, averagePrecision }) =>
          html`<tr>
            <td>${label}</td>
            <td>${numFrames}</td>
            ${[precision, recall, f1, averagePrecision].map(cell)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** @returns Percent to a tenth; a dash where undefined. */
export function formatScore(score: number | null): string {
  return score === null ? '–' : score.toFixed(1);
}
