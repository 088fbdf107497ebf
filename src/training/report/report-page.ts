import { html, pageHead, type Html } from '../../view/html.js';
import { LabelColors } from '../../view/timeline-drawing.js';
import { formatCount } from '../../format-count.js';
import { drawLearning } from './learning-charts.js';
import { LearningCurves } from './learning-curves.js';
import type { TrainingReport } from './report-data.js';
import type { ReportPictures } from './report-pictures.js';
import { describeResults, describeScores } from './results-sections.js';
import { describeRun } from './run-section.js';
import { STYLE } from './style.js';

/**
 * Lays out a report as one self-contained page without scripts or network access.
 *
 * @param versions - Versions of what the training ran on, by name.
 */
export function layOutReport(
  report: TrainingReport,
  versions: Readonly<Record<string, string>>,
  pictures: ReportPictures,
): string {
  const { name, records, results, dataset } = report;
  const curves = new LearningCurves(records);
  const { epochs, bestEpoch } = curves;
  const planned = epochs.at(-1)?.epochs ?? 0;
  const colors = new LabelColors(results?.labels ?? [], results?.background);
  const page = html`<!doctype html>
    <html lang="en">
      ${pageHead(`Training of ${name}`, STYLE)}
      <body>
        <header>
          <h1>${name}</h1>
          <p class="note">
            Trained on ${formatCount(dataset.numTraining, 'video')}, validated on ${dataset.numValidation}.
            ${epochs.length} of
            ${formatCount(planned, 'epoch')}${bestEpoch && html`, epoch ${bestEpoch.epoch} was kept`}.
          </p>
          <nav>
            <a href="#learning">Learning</a>
            ${
              results &&
              html`<a href="#labels">Labels</a> <a href="#confusion">Confusion</a>
                <a href="#videos">Videos</a> <a href="#hardest">Hardest segments</a>`
            }
            <a href="#run">How to train this again</a>
          </nav>
        </header>
        ${results && describeScores(results)}
        <section id="learning">
          <h2>Learning</h2>
          ${epochs.length > 0 ? drawLearning(curves) : html`<p class="note">No epoch has ended.</p>`}
        </section>
        ${results ? describeResults(results, colors, pictures) : WITHOUT_VALIDATION}
        ${describeRun(report, versions)}
      </body>
    </html> `;
  return page.text;
}

const WITHOUT_VALIDATION: Html = html`<section>
  <h2>No validation</h2>
  <p class="lead">
    All videos were trained on, so the report cannot tell how well the model labels unseen videos.
  </p>
</section>`;
